//! The six anchors, as keys of pattern maps.

use super::Gen;

/// An anchor of a pattern's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// A plain key.
    None,
    /// `(key)`.
    Condition,
    /// `=(key)`.
    Equality,
    /// `X(key)`.
    Negation,
    /// `^(key)`.
    Existence,
    /// `<(key)`.
    Global,
    /// `+(key)`, which the policy check refuses.
    Add,
}

/// Where a key stands, which decides what anchors are usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the root of the pattern.
    Root,
    /// In a map below it.
    Map,
    /// In a map that is an element of a list.
    Element,
}

const TABLE: &[(&str, Anchor)] = &[
    ("anchor/none", Anchor::None),
    ("anchor/condition", Anchor::Condition),
    ("anchor/equality", Anchor::Equality),
    ("anchor/negation", Anchor::Negation),
    ("anchor/existence", Anchor::Existence),
    ("anchor/global", Anchor::Global),
];

/// An anchor for a key in a place; `list` is whether lists of maps are below the key.
pub(crate) fn choose(g: &mut Gen, place: Place, list: bool) -> Anchor {
    if g.wants("anchor/add-refused") {
        g.tag("anchor/add-refused");
        return Anchor::Add;
    }
    if list && g.wants("anchor/existence") {
        g.tag("anchor/existence");
        return Anchor::Existence;
    }
    let weights: [u32; 6] = match (place, list) {
        (Place::Root, _) => [84, 3, 6, 2, 0, 4],
        (Place::Map, true) => [66, 4, 13, 3, 12, 4],
        (Place::Map, false) => [66, 10, 13, 6, 0, 5],
        (Place::Element, true) => [62, 6, 14, 4, 10, 4],
        (Place::Element, false) => [60, 18, 11, 6, 0, 5],
    };
    let tags: Vec<(&'static str, u32)> = TABLE.iter().zip(weights).map(|((t, _), w)| (*t, w)).collect();
    let usable: Vec<_> = tags.into_iter().filter(|(_, w)| *w > 0).collect();
    let tag = g.choose(&usable);
    if tag != "anchor/none" && place == Place::Element {
        g.tag("anchor/in-element");
    }
    if tag != "anchor/none" && place == Place::Root {
        g.tag("anchor/at-root");
    }
    TABLE.iter().find(|(t, _)| *t == tag).map_or(Anchor::None, |(_, a)| *a)
}

/// The key with its anchor.
pub(crate) fn key(anchor: Anchor, key: &str) -> String {
    match anchor {
        Anchor::None => key.to_owned(),
        Anchor::Condition => format!("({key})"),
        Anchor::Equality => format!("=({key})"),
        Anchor::Negation => format!("X({key})"),
        Anchor::Existence => format!("^({key})"),
        Anchor::Global => format!("<({key})"),
        Anchor::Add => format!("+({key})"),
    }
}

/// A key that looks like an anchor and is none.
pub(crate) fn odd(g: &mut Gen, key: &str) -> String {
    match g.rng.below(6) {
        0 => "()".to_owned(),
        1 => "X()".to_owned(),
        2 => format!("({key}"),
        3 => format!("(({key}))"),
        4 => format!("= ({key})"),
        _ => format!("=({key}) "),
    }
}
