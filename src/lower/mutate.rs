//! `mutate` to the intermediate form.

use super::context::{self, Owner};
use super::scope::Scope;
use super::{conditions, jmespath, reference, text};
use crate::ir::mutate::{Change, Mutation, Patch, PatchLoop, Target};
use crate::ir::{ContextEntry, Expr};
use crate::policy::fields::Text;
use crate::policy::mutate as policy;
use crate::policy::tree::{Member, Tree, Value};
use kyvc_vm::document::Place;
use serde_json::Value as Json;

/// Lowers what a rule changes; context entries of loops and targets are added to `entries`.
pub(super) fn lower(m: &policy::Mutate, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ContextEntry>) -> Mutation {
    if m.targets.is_empty() {
        return Mutation::Own(whole(m, scope, owner, entries));
    }
    let targets = m.targets.iter().enumerate();
    Mutation::Targets(targets.map(|(i, t)| target(i, t, m, scope, owner, entries)).collect())
}

fn whole(m: &policy::Mutate, scope: &Scope<'_>, owner: &Owner, entries: &mut Vec<ContextEntry>) -> Change {
    match &m.change {
        policy::Change::ForEach(loops) => {
            Change::ForEach(loops.iter().map(|l| patch_loop(l, scope, owner, entries)).collect())
        }
        // Kyverno: pkg/engine/mutate/mutation.go, all of a rule that has no loops is substituted before it is applied.
        other => change(other, "mutate", strings(&m.around, "").filter_map(|t| also(&t, scope)).collect(), scope),
    }
}

fn change(c: &policy::Change, around: &str, also: Vec<Expr>, scope: &Scope<'_>) -> Change {
    match c {
        policy::Change::Strategic(tree) => Change::Patch(strategic(tree, around, also, scope)),
        policy::Change::Json6902(text) => Change::Patch(operations(text, around, also, scope)),
        policy::Change::ForEach(_) | policy::Change::Nothing => Change::Nothing,
    }
}

/// A tree inside of the maps under which it stands, so that paths in it lead where they do in the policy.
fn inside(tree: &Tree, around: &str, key: &str) -> Tree {
    let inner = tree.clone().wrapped(key);
    if around.is_empty() { inner } else { inner.wrapped(around) }
}

fn outside(tree: Tree, around: &str, key: &str) -> Tree {
    let steps = [around, key].into_iter().filter(|s| !s.is_empty());
    steps.fold(tree, |tree, step| match tree.value {
        Value::Map(members) => {
            let place = tree.place;
            let found = members.into_iter().find(|m| m.key == step).map(|m| m.value);
            found.unwrap_or(Tree { place, value: Value::Null })
        }
        _ => tree,
    })
}

fn below(around: &str, key: &str) -> String {
    if around.is_empty() { format!("/{key}") } else { format!("/{around}/{key}") }
}

fn strategic(tree: &Tree, around: &str, also: Vec<Expr>, scope: &Scope<'_>) -> Patch {
    const KEY: &str = "patchStrategicMerge";
    let value = match reference::resolve(&inside(tree, around, KEY)) {
        Ok(whole) => text::tree(&outside(whole, around, KEY), &below(around, KEY), scope),
        Err(text) => Expr::Fail(text),
    };
    let json = constant(&value);
    let constant = json.is_some();
    let value = json.map_or(value, |json| Expr::Str(json.to_string()));
    Patch { value, operations: false, constant, also, place: tree.place }
}

fn operations(t: &Text, around: &str, also: Vec<Expr>, scope: &Scope<'_>) -> Patch {
    const KEY: &str = "patchesJson6902";
    let tree = Tree { place: t.place, value: Value::Str(t.text.clone()) };
    let value = match reference::resolve(&inside(&tree, around, KEY)) {
        Ok(whole) => text::tree(&outside(whole, around, KEY), &below(around, KEY), scope),
        Err(text) => Expr::Fail(text),
    };
    let constant = matches!(value, Expr::Str(_));
    Patch { value, operations: true, constant, also, place: t.place }
}

/// A value without variables.
fn constant(e: &Expr) -> Option<Json> {
    Some(match e {
        Expr::Null => Json::Null,
        Expr::Bool(b) => Json::from(*b),
        Expr::Int(n) => Json::from(*n),
        Expr::Float(n) => Json::from(*n),
        Expr::Str(s) => Json::from(s.as_str()),
        Expr::List(items) => Json::Array(items.iter().map(constant).collect::<Option<_>>()?),
        Expr::Map(members) => {
            let members = members.iter().map(|(k, v)| Some((k.clone(), constant(v)?)));
            Json::Object(members.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// A text with its path.
struct Found<'t> {
    text: &'t str,
    place: Place,
    path: String,
}

/// The texts of a tree, keys included.
fn strings<'t>(tree: &'t Tree, path: &str) -> Box<dyn Iterator<Item = Found<'t>> + 't> {
    match &tree.value {
        Value::Str(text) => Box::new(std::iter::once(Found { text, place: tree.place, path: path.to_owned() })),
        Value::List(items) => {
            let path = path.to_owned();
            Box::new(items.iter().enumerate().flat_map(move |(i, t)| strings(t, &format!("{path}/{i}"))))
        }
        Value::Map(members) => {
            let path = path.to_owned();
            Box::new(members.iter().flat_map(move |Member { key, key_place, value }| {
                let below = format!("{path}/{}", key.replace('/', "\\/"));
                let key = Found { text: key, place: *key_place, path: path.clone() };
                std::iter::once(key).chain(strings(value, &below))
            }))
        }
        _ => Box::new(std::iter::empty()),
    }
}

fn also(t: &Found<'_>, scope: &Scope<'_>) -> Option<Expr> {
    let lowered = text::lower(t.text, t.place, &t.path, scope);
    (!matches!(lowered, Expr::Str(_))).then_some(lowered)
}

fn patch_loop(
    l: &policy::ForEachPatch,
    scope: &Scope<'_>,
    owner: &Owner,
    entries: &mut Vec<ContextEntry>,
) -> PatchLoop {
    let list = jmespath::lower_list(&l.list.text, l.list.place, scope);
    let again = scope.entries().filter(|n| entries.get(*n).is_some_and(|e| !e.steady)).collect();
    let first = entries.len();
    let inner =
        scope.in_loop().with_unread_elements().with_entries(l.context.iter().map(|e| e.name.text.as_str()), first);
    let lowered = context::lower(&l.context, &inner, owner, entries);
    entries.extend(lowered);
    let context = first..entries.len();
    let preconditions = l.preconditions.as_ref().map(|c| conditions::lower(c, &inner));
    let merges = matches!(l.change, policy::Change::Strategic(_));
    let change = match &l.change {
        policy::Change::ForEach(loops) => {
            Change::ForEach(loops.iter().map(|l| patch_loop(l, &inner, owner, entries)).collect())
        }
        other => change(other, "", Vec::new(), &inner),
    };
    PatchLoop {
        list,
        text: l.list.text.clone(),
        depth: scope.loops(),
        descending: l.descending.unwrap_or(merges),
        context,
        again,
        preconditions,
        change,
        place: l.place,
    }
}

fn target(
    number: usize,
    t: &policy::Target,
    m: &policy::Mutate,
    scope: &Scope<'_>,
    owner: &Owner,
    entries: &mut Vec<ContextEntry>,
) -> Target {
    let selector = match reference::resolve(&t.selector) {
        Ok(tree) => text::tree(&tree, "", scope),
        Err(text) => Expr::Fail(text),
    };
    let selector = Expr::Blame(format!("failed to substitute variables in target[{number}]"), Box::new(selector));
    let first = entries.len();
    let inner = scope.clone().with_target().with_entries(t.context.iter().map(|e| e.name.text.as_str()), first);
    let lowered = context::lower(&t.context, &inner, owner, entries);
    entries.extend(lowered);
    Target {
        selector,
        context: first..entries.len(),
        preconditions: t.preconditions.as_ref().map(|c| conditions::lower(c, &inner)),
        change: whole(m, &inner, owner, entries),
        place: t.place,
    }
}
