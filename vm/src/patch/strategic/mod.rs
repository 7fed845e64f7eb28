//! Kyverno's `patchStrategicMerge`.
//!
//! First the overlay's anchors are worked off against the resource (`preprocess`): conditions are checked, `+()` is
//! resolved, and an element of a list that has conditions becomes an element for each one of the resource that holds
//! them. What is left is merged as kustomize's kyaml does (`merge`, `elements`), by the schemas of built-in kinds.

mod anchor;
mod conditions;
mod elements;
mod error;
mod exact;
mod merge;
mod preprocess;
mod readable;
mod settled;
mod strip;

pub use conditions::{Conditions, Operand};
pub use error::MergeError;

use super::emit::{Emitter, Numbers};
use super::tree::{Cell, Id, Items, Side, Tree};
use super::{PatchError, Space};
use crate::document::{Document, NodeId};
use merge::{Merger, Walked};
use preprocess::{Preprocess, Stop};
use readable::{is_plain_raw, readable};
use settled::Base;

/// What is still known of a resource after other changes than a merge: whether it is [readable](Document::readable), and
/// whether it is [settled](Document::settled).
pub(super) fn still(tree: &mut Tree<'_>, resource: &Document<'_>, changed: Id) -> (bool, bool) {
    let patch = tree.doc(Side::Patch);
    let readable = resource.readable && patch.root().is_some_and(|root| readable(patch, root).is_ok());
    let base = Base::known(tree.doc(Side::Base));
    (readable, readable && Merger { base, tree }.is_settled(changed))
}

/// Merges an overlay into a resource. `None` where that changes nothing, which Kyverno calls `no patches applied`.
///
/// The resource has to be flattened whole, as far as the overlay goes. Numbers of the result are as after a trip
/// through Go's JSON: a float64 without a fraction is an int64.
pub fn merge<'a>(
    resource: &Document<'a>,
    overlay: (&Document<'_>, NodeId),
    conditions: &mut dyn Conditions,
    space: Space,
) -> Result<Option<Document<'a>>, PatchError> {
    let Some(root) = resource.root() else { return Ok(None) };
    readable(overlay.0, overlay.1)?;
    if !resource.readable {
        readable(resource, root)?;
        if !resource.raws().all(|node| is_plain_raw(resource.str(node))) {
            return Err(PatchError::Unread);
        }
    }
    let mut tree = Tree::new(resource, overlay.0, true, space.limits);
    let base = tree.add(Cell::Node(Side::Base, root))?;
    let patch = tree.add(Cell::Node(Side::Patch, overlay.1))?;
    let mut preprocess = Preprocess { tree: &mut tree, conditions };
    match preprocess.run(patch, root) {
        Ok(()) => {}
        // Kyverno: pkg/engine/mutate/patch/strategicMergePatch.go, the overlay is empty then, and is merged as such.
        Err(Stop::Condition | Stop::Global) => tree.set(patch, Cell::Map(Items::NONE)),
        Err(Stop::Error(error)) => return Err(error),
    }
    let levels = tree.levels();
    let mut merger = Merger { base: Base::of(resource), tree: &mut tree };
    let merged = match merger.walk(Some(base), Some(patch), None, levels)? {
        Walked::Value(id) => id,
        Walked::Gone | Walked::Kept => return Err(MergeError::Gone.into()),
    };
    if merger.tree.same(merged, root) {
        return Ok(None);
    }
    let settled = merger.is_settled(merged);
    let mut doc = Emitter::new(&tree, resource, space, Numbers::OfGo).document(merged)?;
    // Both sides of the merge are.
    doc.readable = true;
    doc.settled = settled;
    Ok(Some(doc))
}
