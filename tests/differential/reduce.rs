//! One-step reductions of a document: parts deleted, lists and texts made shorter.

use super::grammar::mutation::{self, Path, Step};
use serde_json::{Value, json};

/// A reduction of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// The part goes.
    Delete(Path),
    /// The part becomes something simpler.
    Replace(Path, Value),
}

impl Reduction {
    /// Where it happens.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Delete(path) | Self::Replace(path, _) => path,
        }
    }

    /// Does it.
    pub(crate) fn apply(&self, doc: &mut Value) -> bool {
        match self {
            Self::Delete(path) => mutation::remove(doc, path),
            Self::Replace(path, new) => mutation::at(doc, path).map(|place| *place = new.clone()).is_some(),
        }
    }
}

/// All reductions of a document, the ones that take most first.
pub(crate) fn reductions(doc: &Value) -> Vec<Reduction> {
    let mut doc = doc.clone();
    let mut out: Vec<(usize, Reduction)> = Vec::new();
    for path in mutation::paths(&doc.clone()) {
        let Some(part) = mutation::at(&mut doc, &path).cloned() else { continue };
        let size = part.to_string().len();
        if !needed(&path) {
            out.push((size + 10, Reduction::Delete(path.clone())));
        }
        out.extend(simpler(&path, &part).into_iter().map(|new| (size / 2, Reduction::Replace(path.clone(), new))));
    }
    out.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    out.into_iter().map(|(_, r)| r).collect()
}

/// What a document cannot be without.
fn needed(path: &[Step]) -> bool {
    let keys: Vec<&str> = path.iter().map(|s| if let Step::Key(k) = s { k.as_str() } else { "" }).collect();
    matches!(keys.as_slice(), ["apiVersion" | "kind" | "metadata"] | ["metadata", "name"] | ["spec", "rules"])
}

fn simpler(path: &[Step], part: &Value) -> Vec<Value> {
    let identity = matches!(path, [Step::Key(a)] if a == "apiVersion" || a == "kind")
        || matches!(path, [Step::Key(a), Step::Key(b)] if a == "metadata" && b == "name");
    match part {
        _ if identity => Vec::new(),
        Value::String(s) if s.chars().count() > 4 => {
            let chars: Vec<char> = s.chars().collect();
            let half = chars.len() / 2;
            let head: String = chars[..half].iter().collect();
            let tail: String = chars[half..].iter().collect();
            let inner: String = chars[1..].iter().collect();
            vec![json!(head), json!(tail), json!(inner)]
        }
        Value::Object(map) if map.len() == 1 => map.values().filter(|v| v.is_object()).cloned().collect(),
        Value::Object(map) if map.len() > 2 => vec![json!({})],
        Value::Array(list) if list.len() > 2 => vec![json!(list[..list.len() / 2]), json!(list[list.len() / 2..])],
        Value::Number(n) if n.as_i64().is_some_and(|i| i > 9) => vec![json!(1)],
        _ => Vec::new(),
    }
}

/// Several reductions at once, leaving out those inside or after another one that moves them.
pub(crate) fn combined(doc: &Value, reductions: &[Reduction]) -> Value {
    let mut out = doc.clone();
    let mut taken: Vec<&Reduction> = Vec::new();
    for r in reductions {
        let clash = taken.iter().any(|t| t.path().starts_with(r.path()) || r.path().starts_with(t.path()));
        if !clash {
            taken.push(r);
        }
    }
    // Later elements of a list go first, so that the indexes of earlier ones stay right.
    taken.sort_by_key(|r| std::cmp::Reverse(order(r.path())));
    for r in taken {
        r.apply(&mut out);
    }
    out
}

fn order(path: &[Step]) -> Vec<(usize, &str)> {
    let step = |s| match s {
        &Step::Index(i) => (i, ""),
        Step::Key(k) => (0, k.as_str()),
    };
    path.iter().map(step).collect()
}
