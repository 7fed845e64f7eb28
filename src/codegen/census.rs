//! Patterns answered from the counts of an object.
//!
//! What a pattern asks of the values at a path, it asks of all of them: that they are maps, that none is there, that each
//! satisfies a scalar pattern. The counts that a document keeps while it is read often say so at once, for all containers
//! together. Where they do the pattern holds; where they do not, its [own code](super::pattern) finds out, and why.

use super::CodegenError;
use super::unit::{Label, UnitBuilder};
use crate::ir::{Ask, Entry, MapAsk, Pattern};
use kyvc_grammar::anchor::Anchor;
use kyvc_vm::document::{Kinds, Segment, SpotId};
use kyvc_vm::op::Op;
use kyvc_vm::program::Const;
use kyvc_vm::scalar::{Scalar, ScalarPattern};

/// From so many questions on, those below a path are passed over where nothing is there.
const WORTH_A_LOOK: usize = 3;

/// A question to the counts; that all are answered with yes is enough for the pattern to hold.
enum Question<'p> {
    /// All values at a path are of these kinds
    Kinds(SpotId, Kinds),
    /// All maps have the last key of a path
    Every(SpotId),
    /// Nothing is at a path
    None(SpotId),
    /// All values at a path satisfy the pattern
    Test(SpotId, &'p ScalarPattern),
    /// The next questions, so many of them, are about what is below a path
    Below(SpotId, usize),
}

/// Code that goes on at `holds` where the counts say that the object satisfies a pattern, and otherwise falls through.
/// Nothing for a pattern that counts cannot answer, or that walks no list: its own code is as fast.
pub(super) fn generate(u: &mut UnitBuilder<'_>, p: &Pattern, holds: Label) -> Result<(), CodegenError> {
    if super::is_plain() || !can_answer(p) || !walks(p) {
        return Ok(());
    }
    let mut questions = Vec::new();
    ask(u, p, &mut Vec::new(), &mut questions);
    let unknown = u.label();
    u.test(Op::CensusUse, 0, 0, unknown);
    // Where the questions about a path end.
    let mut ends: Vec<(usize, Label)> = Vec::new();
    for (i, question) in questions.iter().enumerate() {
        while let Some((_, label)) = ends.pop_if(|(end, _)| *end == i) {
            u.bind(label);
        }
        match question {
            Question::Kinds(spot, kinds) => u.test(Op::CensusKinds, kinds.bits(), spot.number(), unknown),
            Question::Every(spot) => u.test(Op::CensusEvery, 0, spot.number(), unknown),
            Question::None(spot) => u.test(Op::CensusKinds, Kinds::default().bits(), spot.number(), unknown),
            Question::Test(spot, pattern) => {
                let pattern = u.linker.constant(Const::Pattern(Box::new((*pattern).clone())))?;
                let tested = u.constant(Const::Tested(*spot, pattern))?;
                u.test(Op::CensusTest, 0, tested, unknown);
            }
            Question::Below(spot, count) => {
                let end = u.label();
                u.test(Op::CensusMet, 0, spot.number(), end);
                ends.push((i + 1 + count, end));
            }
        }
    }
    for (_, label) in ends {
        u.bind(label);
    }
    u.jump(Op::Jump, 0, 0, holds);
    u.bind(unknown);
    Ok(())
}

/// Whether counts can say of a pattern that it holds.
fn can_answer(p: &Pattern) -> bool {
    match &p.ask {
        Ask::Map(m) => {
            let known = m.anchored_keys.is_none() && m.plain_keys.is_none();
            known && entries(m).all(|e| !chooses(e) && (asks_nothing(e) || can_answer(&e.value)))
        }
        Ask::Each(first) | Ask::EachScalar(first) => can_answer(first),
        Ask::Scalar(..) => true,
        Ask::Positions(_) | Ask::EmptyList | Ask::Made(_) => false,
    }
}

/// Whether a pattern looks into the elements of a list.
fn walks(p: &Pattern) -> bool {
    match &p.ask {
        Ask::Each(_) => true,
        Ask::Map(m) => entries(m).any(|e| !asks_nothing(e) && walks(&e.value)),
        _ => false,
    }
}

fn entries(m: &MapAsk) -> impl Iterator<Item = &Entry> {
    m.anchored.iter().chain(&m.plain)
}

/// Whether an entry says which elements a pattern is about, or that one is enough: all together are then hardly so.
fn chooses(e: &Entry) -> bool {
    matches!(e.anchor, Some(Anchor::Condition | Anchor::Existence))
}

/// Whether the value of an entry is not looked at: it has to be there, or not to be there.
fn asks_nothing(e: &Entry) -> bool {
    match e.anchor {
        Some(Anchor::Negation) => true,
        None | Some(Anchor::AddIfAbsent) => e.exists,
        _ => false,
    }
}

/// Asks whether every value at a path satisfies a pattern.
fn ask<'p>(u: &mut UnitBuilder<'_>, p: &'p Pattern, path: &mut Vec<Segment>, out: &mut Vec<Question<'p>>) {
    let spot = u.linker.layout.spot(path);
    match &p.ask {
        Ask::Map(m) => {
            out.push(Question::Kinds(spot, Kinds::MAP));
            for e in entries(m) {
                path.push(Segment::Key(u.linker.layout.sym(&e.key)));
                below(u, path, out, |u, path, out| member(u, e, path, out));
                path.pop();
            }
        }
        Ask::Each(first) => {
            out.push(Question::Kinds(spot, Kinds::LIST));
            path.push(Segment::Element);
            ask(u, first, path, out);
            path.pop();
        }
        Ask::EachScalar(first) => {
            out.push(Question::Kinds(spot, Kinds::LIST));
            ask(u, first, path, out);
        }
        Ask::Scalar(pattern, _) => {
            u.linker.layout.want(path, true);
            u.linker.layout.link(spot);
            out.push(Question::Test(spot, pattern));
        }
        // INVARIANT: `can_answer` keeps these out.
        Ask::Positions(_) | Ask::EmptyList | Ask::Made(_) => {}
    }
}

/// Asks about a path; where there are many questions, only if something is there.
fn below<'p>(
    u: &mut UnitBuilder<'_>,
    path: &mut Vec<Segment>,
    out: &mut Vec<Question<'p>>,
    more: impl FnOnce(&mut UnitBuilder<'_>, &mut Vec<Segment>, &mut Vec<Question<'p>>),
) {
    let at = out.len();
    let spot = u.linker.layout.spot(path);
    more(u, path, out);
    let asked = out.len() - at;
    let must_be = matches!(out.get(at), Some(Question::Every(_)));
    if asked >= WORTH_A_LOOK && !must_be {
        out.insert(at, Question::Below(spot, asked));
    }
}

/// Asks about the member of every map under a key, which is the last one of the path.
fn member<'p>(u: &mut UnitBuilder<'_>, e: &'p Entry, path: &mut Vec<Segment>, out: &mut Vec<Question<'p>>) {
    let spot = u.linker.layout.spot(path);
    match e.anchor {
        Some(Anchor::Negation) => out.push(Question::None(spot)),
        Some(Anchor::Equality | Anchor::Global) => ask(u, &e.value, path, out),
        None | Some(Anchor::AddIfAbsent) if e.exists => {
            out.push(Question::Every(spot));
            out.push(Question::Kinds(spot, Kinds::SOME));
        }
        None | Some(Anchor::AddIfAbsent) if holds_for_nothing(&e.value) => ask(u, &e.value, path, out),
        None | Some(Anchor::AddIfAbsent | Anchor::Condition | Anchor::Existence) => {
            out.push(Question::Every(spot));
            ask(u, &e.value, path, out);
        }
    }
}

/// Whether a pattern holds where there is no value.
fn holds_for_nothing(p: &Pattern) -> bool {
    matches!(&p.ask, Ask::Scalar(pattern, _) if pattern.matches(Scalar::Null))
}
