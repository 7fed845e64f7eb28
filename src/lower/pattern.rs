//! `validate.pattern` to the intermediate form: anchors sorted into the order in which Kyverno looks at them, scalars
//! prepared.

use crate::diag::Code;
use crate::ir::{Ask, Entry, Existence, ExistenceItem, Expr, MapAsk, Pattern, WholePattern};
use crate::policy::tree::{Member, Tree, Value};
use kyvc_grammar::anchor::{self, Anchor};
use kyvc_vm::document::Place;
use kyvc_vm::program::KeyPlan;
use kyvc_vm::scalar::{Glob, ScalarPattern, format_v, is_wildcard};

use super::scope::Scope;
use super::{reference, text};
use std::cell::{Cell, RefCell};

/// What holds for a whole pattern while it is lowered.
struct Lower<'s, 'p> {
    scope: &'s Scope<'p>,
    /// Kyverno passes each pattern of `anyPattern` through JSON once more: its numbers are all float64.
    floats: bool,
    /// Whether a key is only known at run time.
    open: Cell<bool>,
    /// Whether a value may turn out to be a list or a map.
    deep: Cell<bool>,
    /// What is substituted and not looked at.
    also: RefCell<Vec<Expr>>,
}

/// Lowers the pattern of `validate.pattern`, which has no more references in it.
pub fn lower(tree: &Tree, scope: &Scope<'_>) -> WholePattern {
    whole(tree, "", scope, false)
}

/// As [`lower`], with all numbers as JSON gives them.
pub fn lower_floats(tree: &Tree, scope: &Scope<'_>) -> WholePattern {
    whole(tree, "", scope, true)
}

/// Resolves the references in `validate.anyPattern`, which may lead from one pattern to another.
pub fn resolve_any(trees: &[Tree]) -> Result<Vec<Tree>, String> {
    let place = trees.first().map_or(Place::default(), |t| t.place);
    match reference::resolve(&Tree { place, value: Value::List(trees.to_vec()) })?.value {
        Value::List(trees) => Ok(trees),
        _ => Ok(Vec::new()),
    }
}

/// Lowers the patterns of `validate.anyPattern`, which have no more references in them.
pub fn lower_any(trees: &[Tree], scope: &Scope<'_>) -> Vec<WholePattern> {
    trees.iter().enumerate().map(|(i, t)| whole(t, &format!("/{i}"), scope, true)).collect()
}

fn whole(tree: &Tree, path: &str, scope: &Scope<'_>, floats: bool) -> WholePattern {
    let lower = Lower { scope, floats, open: Cell::new(false), deep: Cell::new(false), also: RefCell::default() };
    let pattern = lower.value(tree, path);
    let (open, deep) = (lower.open.get(), lower.deep.get());
    let value = || if floats { text::tree(tree, path, scope) } else { text::tree_with_ints(tree, path, scope) };
    WholePattern {
        pattern: (!open).then_some(pattern),
        value: (open || deep).then(value),
        also: if open { Vec::new() } else { lower.also.into_inner() },
        place: tree.place,
    }
}

impl Lower<'_, '_> {
    fn value(&self, tree: &Tree, path: &str) -> Pattern {
        let ask = match &tree.value {
            Value::Map(members) => Ask::Map(self.map(members, path, false)),
            Value::List(items) => self.list(items, path),
            _ => self.scalar(tree, path),
        };
        Pattern { ask, place: tree.place }
    }

    fn list(&self, items: &[Tree], path: &str) -> Ask {
        if !matches!(items.first().map(|t| &t.value), Some(Value::List(_))) {
            items.iter().enumerate().skip(1).for_each(|(i, t)| self.ignored(t, &format!("{path}/{i}")));
        }
        match items.first().map(|t| &t.value) {
            None => Ask::EmptyList,
            Some(Value::Map(_)) => items
                .first()
                .map_or(Ask::EmptyList, |first| Ask::Each(Box::new(self.value(first, &format!("{path}/0"))))),
            Some(Value::List(_)) => {
                Ask::Positions(items.iter().enumerate().map(|(i, t)| self.value(t, &format!("{path}/{i}"))).collect())
            }
            Some(_) => items
                .first()
                .map_or(Ask::EmptyList, |first| Ask::EachScalar(Box::new(self.value(first, &format!("{path}/0"))))),
        }
    }

    /// A part that no value is compared with.
    fn ignored(&self, tree: &Tree, path: &str) {
        let value = text::tree(tree, path, self.scope);
        let mut literal = true;
        value.walk(&mut |e| {
            literal &= matches!(
                e,
                Expr::Null
                    | Expr::Bool(_)
                    | Expr::Int(_)
                    | Expr::Float(_)
                    | Expr::Str(_)
                    | Expr::List(_)
                    | Expr::Map(_)
            );
        });
        if !literal {
            self.also.borrow_mut().push(value);
        }
    }

    fn scalar(&self, tree: &Tree, path: &str) -> Ask {
        let (pattern, shown) = match &tree.value {
            Value::Null => (ScalarPattern::null(), "<nil>".to_owned()),
            Value::Bool(b) => (ScalarPattern::bool(*b), b.to_string()),
            Value::Int(n) if !self.floats => (ScalarPattern::int(*n), n.to_string()),
            Value::Int(n) => (ScalarPattern::float(*n as f64), go_float(*n as f64)),
            Value::Float(n) => (ScalarPattern::float(*n), go_float(*n)),
            Value::Str(s) => match text::lower(s, tree.place, path, self.scope) {
                Expr::Str(s) => (scalar_pattern(&s), s),
                made => {
                    // Only a variable that is the whole string can be anything but a text.
                    self.deep.set(self.deep.get() || matches!(made, Expr::Scan(..)));
                    return Ask::Made(made);
                }
            },
            Value::List(_) | Value::Map(_) => (ScalarPattern::map_type(), String::new()),
        };
        Ask::Scalar(Box::new(pattern), shown)
    }

    /// A map. Under `metadata`, the maps of labels and annotations expand the wildcards of their keys, and Kyverno
    /// loses all entries that are no strings on the way: those that are known not to be are none of these members.
    fn map(&self, members: &[Member], path: &str, strings_only: bool) -> MapAsk {
        let mut anchored = Vec::new();
        let mut plain = Vec::new();
        for member in members {
            let mut entry = self.entry(member, path);
            entry.text_only = strings_only && matches!(entry.value.ask, Ask::Made(_));
            let first = matches!(
                entry.anchor,
                Some(Anchor::Condition | Anchor::Existence | Anchor::Equality | Anchor::Negation)
            );
            let front = entry.anchor == Some(Anchor::Global) || has_anchors(&member.value);
            if first { anchored.push(entry) } else { plain.push((front, entry)) }
        }
        anchored.sort_by(|a: &Entry, b: &Entry| a.raw.cmp(&b.raw));
        plain.sort_by(|a: &(bool, Entry), b: &(bool, Entry)| match (a.0, b.0) {
            (true, true) => b.1.raw.cmp(&a.1.raw),
            (false, false) => a.1.raw.cmp(&b.1.raw),
            (a, b) => b.cmp(&a),
        });
        let anchored_keys = keys(strings_only, anchored.iter().map(|e| (false, e)));
        let plain_keys = keys(strings_only, plain.iter().map(|(front, e)| (*front, e)));
        let plain = plain.into_iter().map(|(_, e)| e).collect();
        MapAsk { anchored, anchored_keys, plain, plain_keys }
    }

    fn entry(&self, member: &Member, path: &str) -> Entry {
        let raw = self.key(member, path);
        let (anchor, key) = match anchor::parse(&raw) {
            Some((anchor, key)) if anchor != Anchor::AddIfAbsent => (Some(anchor), key.to_owned()),
            // Kyverno: pkg/validation/policy/validate.go, refuses it, but not where a loop or a variable brings it; there
            // it is no anchor.
            Some(_) if self.scope.loops() == 0 && !self.scope.literal() => {
                let message = "`+( )` adds a key and has no meaning in a pattern".to_owned();
                self.scope.problems.add(Code::BadAnchor, member.key_place, message);
                (None, raw.clone())
            }
            Some(_) | None => (None, raw.clone()),
        };
        let path = format!("{path}/{}", escaped(&raw));
        let value = match (&member.value.value, key.as_str()) {
            (Value::Map(members), "metadata") => {
                Pattern { ask: Ask::Map(self.metadata(members, &path)), place: member.value.place }
            }
            _ => self.value(&member.value, &path),
        };
        let exists = anchor.is_none() && matches!(&member.value.value, Value::Str(s) if s == "*");
        let existence = (anchor == Some(Anchor::Existence)).then(|| self.existence(&member.value, &path));
        Entry { anchor, raw, key, exists, text_only: false, value, existence, place: member.key_place }
    }

    fn key(&self, member: &Member, path: &str) -> String {
        match text::key(&member.key, member.key_place, path, self.scope) {
            Expr::Str(s) => s,
            _ => {
                self.open.set(true);
                member.key.clone()
            }
        }
    }

    fn metadata(&self, members: &[Member], path: &str) -> MapAsk {
        // What gets lost has no anchors that change the order.
        let members: Vec<Member> = members.iter().map(with_texts_only).collect();
        let mut ask = self.map(&members, path, false);
        for member in members.iter().filter(|m| expands(m)) {
            let raw = member.key.as_str();
            let Value::Map(inner) = &member.value.value else { continue };
            let strings = self.map(inner, &format!("{path}/{}", escaped(raw)), true);
            for entry in ask.anchored.iter_mut().chain(&mut ask.plain).filter(|e| e.raw == raw) {
                entry.value.ask = Ask::Map(strings.clone());
            }
        }
        ask
    }

    fn existence(&self, tree: &Tree, path: &str) -> Existence {
        let Value::List(items) = &tree.value else { return Existence::NotList(go_type(tree)) };
        let item = |(i, t): (usize, &Tree)| match t.value {
            Value::Map(_) => ExistenceItem::Map(self.value(t, &format!("{path}/{i}"))),
            _ => ExistenceItem::NotMap,
        };
        Existence::Lists(items.iter().enumerate().map(item).collect())
    }
}

/// Whether a member of `metadata` is a map whose keys are expanded.
fn expands(member: &Member) -> bool {
    let key = anchor::parse(&member.key).map_or(member.key.as_str(), |(_, key)| key);
    key == "labels" || key == "annotations"
}

/// A member of `metadata` without the labels or annotations that are no texts.
fn with_texts_only(member: &Member) -> Member {
    let mut member = member.clone();
    if expands(&member)
        && let Value::Map(inner) = &mut member.value.value
    {
        inner.retain(|m| matches!(m.value.value, Value::Str(_)));
    }
    member
}

/// The order of keys is only known at run time when one of them has wildcards that are expanded.
fn keys<'e>(expanded: bool, entries: impl Iterator<Item = (bool, &'e Entry)>) -> Option<Vec<KeyPlan>> {
    let entries: Vec<_> = entries.collect();
    if !expanded || !entries.iter().any(|(_, e)| is_wildcard(&e.key)) {
        return None;
    }
    let plan = |(front, e): &(bool, &Entry)| {
        let prefix = e.anchor.and_then(|_| e.raw.split_once('(')).map_or(String::new(), |(m, _)| format!("{m}("));
        KeyPlan { prefix: prefix.into(), key: Glob::new(&e.key), front: *front }
    };
    Some(entries.iter().map(plan).collect())
}

/// A scalar pattern of a string.
pub fn scalar_pattern(source: &str) -> ScalarPattern {
    use kyvc_grammar::scalar as surface;
    use kyvc_vm::scalar::{Op, Term};
    fn term<'a>(t: &surface::Term<'a>) -> Term<'a> {
        let op = match t.op {
            surface::Op::Equal => Op::Equal,
            surface::Op::NotEqual => Op::NotEqual,
            surface::Op::More => Op::More,
            surface::Op::Less => Op::Less,
            surface::Op::MoreEqual => Op::MoreEqual,
            surface::Op::LessEqual => Op::LessEqual,
            surface::Op::InRange { low, high } => Op::InRange { low, high },
            surface::Op::NotInRange { low, high } => Op::NotInRange { low, high },
        };
        Term { op, operand: t.operand }
    }
    let alternatives = surface::parse(source);
    ScalarPattern::text(source, alternatives.any.iter().map(|all| all.iter().map(term)))
}

/// A key as a step of a path to a variable.
fn escaped(key: &str) -> String {
    key.replace('/', "\\/")
}

fn go_float(n: f64) -> String {
    let mut out = String::new();
    format_v(n, &mut out);
    out
}

fn go_type(tree: &Tree) -> &'static str {
    match tree.value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// Kyverno: pkg/engine/validate/utils.go, whether a pattern has an anchor anywhere inside.
fn has_anchors(tree: &Tree) -> bool {
    match &tree.value {
        Value::Map(members) => members
            .iter()
            .any(|m| anchor::parse(&m.key).is_some_and(|(a, _)| a != Anchor::AddIfAbsent) || has_anchors(&m.value)),
        Value::List(items) => items.iter().any(has_anchors),
        _ => false,
    }
}
