//! Tidying a difference: parts of a kind become one, and edits move so that equal parts vanish.

use super::{Op, Part, common_prefix, common_suffix, head, part, tail};

/// Reorders and merges parts until nothing moves any more.
pub(super) fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut parts = joined(parts);
    while shift(&mut parts) {
        parts = joined(parts);
    }
    parts
}

/// The edits between two equal parts, taken together.
#[derive(Default)]
struct Edits {
    deleted: Vec<char>,
    inserted: Vec<char>,
    deletions: usize,
    insertions: usize,
}

/// Joins edits between equal parts, and takes out of them what they have in common at their ends.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    let mut edits = Edits::default();
    for p in parts.into_iter().chain([part(Op::Equal, &[])]) {
        match p.op {
            Op::Insert => {
                edits.insertions += 1;
                edits.inserted.extend(p.text);
            }
            Op::Delete => {
                edits.deletions += 1;
                edits.deleted.extend(p.text);
            }
            Op::Equal => {
                let edits = std::mem::take(&mut edits);
                equal(&mut out, edits, p);
            }
        }
    }
    if out.last().is_some_and(|p| p.text.is_empty()) {
        out.pop();
    }
    out
}

fn equal(out: &mut Vec<Part>, edits: Edits, mut next: Part) {
    let Edits { mut deleted, mut inserted, deletions, insertions } = edits;
    let count = deletions + insertions;
    if count > 1 && deletions > 0 && insertions > 0 {
        let same = common_prefix(&inserted, &deleted);
        if same > 0 {
            let start = head(&inserted, same).to_vec();
            match out.last_mut().filter(|p| p.op == Op::Equal) {
                Some(last) => last.text.extend(start),
                // go-diff puts it at the very start, which is where it is.
                None => out.insert(0, Part { op: Op::Equal, text: start }),
            }
            inserted.drain(..same);
            deleted.drain(..same);
        }
        let same = common_suffix(&inserted, &deleted);
        if same > 0 {
            let mut text = tail(&inserted, inserted.len() - same).to_vec();
            text.append(&mut next.text);
            next.text = text;
            inserted.truncate(inserted.len() - same);
            deleted.truncate(deleted.len() - same);
        }
    }
    if deletions > 0 {
        out.push(Part { op: Op::Delete, text: deleted });
    }
    if insertions > 0 {
        out.push(Part { op: Op::Insert, text: inserted });
    }
    match out.last_mut().filter(|p| p.op == Op::Equal && count == 0) {
        Some(last) => last.text.append(&mut next.text),
        None => out.push(next),
    }
}

/// Moves single edits over the equal parts that they end or begin with. Says whether one moved.
fn shift(parts: &mut Vec<Part>) -> bool {
    let mut moved = false;
    let mut at = 1;
    while at + 1 < parts.len() {
        let Some([before, edit, after]) = parts.get(at - 1..at + 2) else { break };
        if before.op == Op::Equal && after.op == Op::Equal {
            if edit.text.ends_with(&before.text) {
                let kept = head(&edit.text, edit.text.len() - before.text.len());
                let edit = Part { op: edit.op, text: [&before.text, kept].concat() };
                let after = Part { op: Op::Equal, text: [&before.text[..], &after.text].concat() };
                parts.splice(at - 1..at + 2, [edit, after]);
                moved = true;
            } else if edit.text.starts_with(&after.text) {
                let kept = tail(&edit.text, after.text.len());
                let before = Part { op: Op::Equal, text: [&before.text[..], &after.text].concat() };
                let edit = Part { op: edit.op, text: [kept, &after.text].concat() };
                parts.splice(at - 1..at + 2, [before, edit]);
                moved = true;
            }
        }
        at += 1;
    }
    moved
}
