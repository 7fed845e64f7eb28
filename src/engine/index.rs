//! The match index: from what a request is about to the rules that may be about it.

use crate::ir::{Filter, Filters, Matches, Test};
use kyvc_vm::document;
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::verdict::Fact;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// The kinds a rule is about, or `None` where it may be about any. Rules share equal lists.
pub(crate) type Kinds = Option<Arc<[Box<str>]>>;

/// What rules say literally of a request besides its kind, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum By {
    Name,
    Namespace,
    Operation,
}

impl By {
    /// All, in the order of their encoding.
    pub(crate) const ALL: [By; 3] = [By::Name, By::Namespace, By::Operation];

    fn fact(self) -> Fact {
        match self {
            By::Name => Fact::Name,
            By::Namespace => Fact::Namespace,
            By::Operation => Fact::Operation,
        }
    }
}

/// Which requests a rule can have something to say of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) kinds: Kinds,
    /// Something that the request has to have
    pub(crate) key: Option<Key>,
}

/// Something of a request that has to be one of a few texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) by: By,
    /// Whether the texts have wildcards
    pub(crate) wild: bool,
    pub(crate) texts: Box<[Box<str>]>,
}

impl Key {
    /// The more telling of two keys.
    fn or(self, other: Self) -> Self {
        if self.rank() <= other.rank() { self } else { other }
    }

    /// Almost every request is a creation or an update.
    fn rank(&self) -> (bool, bool, By) {
        (self.by == By::Operation, self.wild, self.by)
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Topic<'q> {
    pub(crate) object: document::Topic<'q>,
    pub(crate) operation: &'q str,
    /// What rules match, which may be more than the object
    pub(crate) kind: ResourceKind<'q>,
    /// The object's own kind and namespace
    pub(crate) own_kind: &'q str,
    pub(crate) own_namespace: &'q str,
    /// Whether it has its name to come from `generateName`
    pub(crate) generated: bool,
}

impl<'q> Topic<'q> {
    fn by(&self, by: By) -> &'q str {
        match by {
            By::Name => self.object.name,
            By::Namespace => self.object.namespace,
            By::Operation => self.operation,
        }
    }
}

impl About {
    /// What follows from a match block.
    pub(crate) fn of(m: &Matches) -> Self {
        let kinds = kinds_of(m);
        // A Namespace stands in none, and rules take it for one that stands in itself.
        let may_be_namespace = kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| &**k == "Namespace"));
        let own = m.namespace.as_ref().filter(|_| !may_be_namespace);
        let own =
            own.map(|namespace| Key { by: By::Namespace, wild: false, texts: [namespace.as_str().into()].into() });
        let keys = By::ALL.into_iter().filter_map(|by| key_of(&m.include, by));
        let key = keys.chain(own).reduce(Key::or);
        Self { kinds, key }
    }

    /// The objects that the rule can have something to say of, and for which uses it is there.
    pub(crate) fn concern(&self, uses: document::Uses) -> document::Concern<'_> {
        let texts = |by: By| self.key.as_ref().filter(|key| key.by == by && !key.wild).map(|key| &*key.texts);
        document::Concern {
            kinds: self.kinds.as_deref(),
            names: texts(By::Name),
            namespaces: texts(By::Namespace),
            uses,
        }
    }

    /// Whether the rule may be about a kind.
    pub(crate) fn has_kind(&self, kind: &str) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| **k == *kind))
    }
}

/// The kinds that a rule's match block names, where it can match no other.
fn kinds_of(m: &Matches) -> Kinds {
    if let Some((true, kinds)) = &m.guard {
        return Some(texts(kinds).into());
    }
    let of = |f: &Filter| {
        f.resource.iter().find_map(|t| match t {
            Test::Kind(kinds) if kinds.iter().all(|k| k.kind.is_literal()) => {
                Some(kinds.iter().map(|k| k.kind.as_str().into()).collect())
            }
            _ => None,
        })
    };
    of_filters(&m.include, of).map(Into::into)
}

/// The texts of which one has to be there for a rule to match.
fn key_of(filters: &Filters, by: By) -> Option<Key> {
    let of = |f: &Filter| {
        f.resource.iter().find_map(|t| match t {
            Test::Any(fact, globs) if *fact == by.fact() => Some(texts(globs)),
            _ => None,
        })
    };
    let texts = of_filters(filters, of)?;
    // What is written with wildcards has to be read again as such.
    let wild = texts.iter().any(|text| !Glob::new(text).is_literal());
    (!wild || by != By::Operation).then(|| Key { by, wild, texts: texts.into() })
}

fn texts(globs: &[Glob]) -> Vec<Box<str>> {
    globs.iter().map(|g| g.as_str().into()).collect()
}

/// What filters ask for together. An empty one matches nothing.
fn of_filters(filters: &Filters, of: impl Fn(&Filter) -> Option<Vec<Box<str>>>) -> Option<Vec<Box<str>>> {
    let of = |f: &Filter| if f.empty { Some(Vec::new()) } else { of(f) };
    match filters {
        Filters::All(filters) => filters.iter().find_map(of),
        Filters::Any(filters) => {
            let lists: Option<Vec<_>> = filters.iter().map(of).collect();
            lists.map(|l| l.into_iter().flatten().collect())
        }
    }
}

/// What a list of rules asks for besides the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Asks {
    Nothing,
    /// A text, by its number
    Text(By, u32),
    /// A text with wildcards, by its number
    Wild(u32),
}

/// A rule in a list: the kind, what the list asks for, and the rule.
type Listed = (u32, Asks, u32);

/// Where a list of rules stands among all lists.
type Span = (u32, u32);

/// Lists of rules, in order, by kind and by what else they ask for.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The number of each kind that some rule names, from 1 on; 0 is any other
    kinds: FxHashMap<Box<str>, u32>,
    texts: FxHashMap<Box<str>, u32>,
    /// The rules of a kind that ask for nothing else, by its number
    plain: Vec<Span>,
    /// The rules of a kind that ask for a text
    keyed: FxHashMap<(u32, By, u32), Span>,
    /// What rules ask for with wildcards, each once
    globs: Vec<(By, Box<[Glob]>)>,
    /// The rules of a kind that do so, by the kind's number
    wild: Vec<Vec<(u32, Span)>>,
    numbers: Box<[u32]>,
}

impl Index {
    /// Builds the index of rules.
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r About> + Clone) -> Self {
        let mut index = Self::default();
        for kind in rules.clone().filter_map(|r| r.kinds.as_ref()).flat_map(|kinds| kinds.iter()) {
            if !index.kinds.contains_key(kind) {
                let number = index.kinds.len() as u32 + 1;
                index.kinds.insert(kind.clone(), number);
            }
        }
        // Each rule under each kind, and under each of its texts: sorted, so that every list is one piece.
        let mut all: Vec<Listed> = Vec::new();
        let mut globs: FxHashMap<&Key, u32> = FxHashMap::default();
        for (number, about) in (0u32..).zip(rules) {
            let mut keys: Vec<Asks> = Vec::new();
            match &about.key {
                None => keys.push(Asks::Nothing),
                Some(key) if key.wild => {
                    let next = globs.len() as u32;
                    let id = *globs.entry(key).or_insert(next);
                    if id == next {
                        index.globs.push((key.by, key.texts.iter().map(|t| Glob::new(t)).collect()));
                    }
                    keys.push(Asks::Wild(id));
                }
                Some(key) => {
                    for text in &key.texts {
                        let next = index.texts.len() as u32;
                        let known = index.texts.get(text).copied();
                        let id = known.unwrap_or_else(|| *index.texts.entry(text.clone()).or_insert(next));
                        keys.push(Asks::Text(key.by, id));
                    }
                }
            }
            let mut add = |kind: u32| all.extend(keys.iter().map(|key| (kind, *key, number)));
            match &about.kinds {
                Some(kinds) => kinds.iter().filter_map(|k| index.kinds.get(k)).for_each(|kind| add(*kind)),
                None => (0..=index.kinds.len() as u32).for_each(add),
            }
        }
        all.sort_unstable();
        all.dedup();
        index.plain = vec![(0, 0); index.kinds.len() + 1];
        index.wild = vec![Vec::new(); index.kinds.len() + 1];
        let mut start = 0;
        for list in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let span = (start, start + list.len() as u32);
            start = span.1;
            match list.first() {
                Some((kind, Asks::Text(by, text), _)) => _ = index.keyed.insert((*kind, *by, *text), span),
                Some((kind, Asks::Wild(globs), _)) => {
                    if let Some(wild) = index.wild.get_mut(*kind as usize) {
                        wild.push((*globs, span));
                    }
                }
                Some((kind, Asks::Nothing, _)) => {
                    if let Some(plain) = index.plain.get_mut(*kind as usize) {
                        *plain = span;
                    }
                }
                None => {}
            }
        }
        index.numbers = all.into_iter().map(|(_, _, number)| number).collect();
        index
    }

    /// The rules that may be about a request, in order.
    pub(crate) fn rules(&self, topic: &Topic<'_>) -> Rules<'_> {
        let kind = self.kinds.get(topic.object.kind).copied().unwrap_or(0);
        let list = |(start, end): Span| self.numbers.get(start as usize..end as usize).unwrap_or_default();
        let mut lists = SmallVec::new();
        lists.push(self.plain.get(kind as usize).copied().map(list).unwrap_or_default());
        for by in By::ALL {
            let text = self.texts.get(topic.by(by));
            lists.extend(text.and_then(|text| self.keyed.get(&(kind, by, *text))).copied().map(list));
        }
        for (globs, span) in self.wild.get(kind as usize).into_iter().flatten() {
            let Some((by, globs)) = self.globs.get(*globs as usize) else { continue };
            let text = topic.by(*by);
            if globs.iter().any(|glob| glob.matches(text)) {
                lists.push(list(*span));
            }
        }
        Rules(lists)
    }
}

/// Lists of rules, merged.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'i>(SmallVec<[&'i [u32]; 8]>);

impl Iterator for Rules<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if let [only] = &mut *self.0 {
            let (number, rest) = only.split_first()?;
            *only = rest;
            return Some(*number);
        }
        let least = self.0.iter().filter_map(|l| l.first()).min().copied()?;
        for list in &mut self.0 {
            if list.first() == Some(&least) {
                *list = list.get(1..).unwrap_or_default();
            }
        }
        self.0.retain(|list| !list.is_empty());
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(kinds: &[&str], key: Option<(By, &[&str])>) -> About {
        let boxed = |texts: &[&str]| texts.iter().map(|t| Box::from(*t)).collect::<Vec<Box<str>>>();
        About {
            kinds: (!kinds.is_empty()).then(|| boxed(kinds).into()),
            key: key.map(|(by, texts)| Key {
                by,
                wild: texts.iter().any(|t| t.contains('*')),
                texts: boxed(texts).into(),
            }),
        }
    }

    #[test]
    fn lists_are_merged_in_order() {
        let rules = [
            about(&["Pod"], None),
            about(&["Pod"], Some((By::Namespace, &["shop", "shop", "bank"]))),
            about(&["Job"], None),
            about(&[], Some((By::Operation, &["CREATE"]))),
            about(&["Pod", "Pod"], Some((By::Name, &["web"]))),
            about(&[], None),
            about(&["Pod"], Some((By::Namespace, &[]))),
            about(&["Pod"], Some((By::Namespace, &["sh*", "x"]))),
            about(&[], Some((By::Name, &["*b"]))),
            about(&["Pod"], Some((By::Namespace, &["sh*", "x"]))),
        ];
        let index = Index::new(rules.iter());
        let rules = |kind, namespace, name, operation| {
            index
                .rules(&Topic { object: document::Topic { kind, name, namespace }, operation, ..Topic::default() })
                .collect::<Vec<_>>()
        };
        assert_eq!(rules("Pod", "shop", "web", "CREATE"), [0, 1, 3, 4, 5, 7, 8, 9]);
        assert_eq!(rules("Pod", "", "db", "DELETE"), [0, 5, 8]);
        assert_eq!(rules("Pod", "bank", "", "UPDATE"), [0, 1, 5]);
        assert_eq!(rules("Job", "shop", "web", "CREATE"), [2, 3, 5, 8]);
        // A name is no namespace, and a kind that nobody names is one of all.
        assert_eq!(rules("Pod", "web", "shop", "UPDATE"), [0, 5]);
        assert_eq!(rules("Pod", "x", "", "UPDATE"), [0, 5, 7, 9]);
        assert_eq!(rules("Node", "", "", "CREATE"), [3, 5]);
    }
}
