//! `verifyImages` to the intermediate form.

use super::scope::Scope;
use super::{reference, text};
use crate::ir::Expr;
use crate::ir::images::{Extractor, ImageEntry, ImageRule, Verification};
use crate::policy::classic::Rule;
use crate::policy::verify_images::{self, VerifyImages};

/// Lowers what a rule verifies.
pub(super) fn lower(rule: &Rule, verify: &VerifyImages, scope: &Scope<'_>) -> Verification {
    let how = match reference::resolve(&verify.tree) {
        Ok(tree) => text::tree(&tree, "/verifyImages", scope),
        Err(text) => Expr::Fail(text),
    };
    let entry = |e: &verify_images::Entry| ImageEntry {
        references: e.references.clone(),
        verify_digest: e.verify_digest,
        required: e.required,
    };
    let extractors = rule
        .image_extractors
        .as_ref()
        .map(|kinds| kinds.iter().map(|k| (k.kind.clone(), k.extractors.iter().map(extractor).collect())).collect());
    Verification { rule: ImageRule { entries: verify.entries.iter().map(entry).collect(), extractors }, how }
}

/// Kyverno: pkg/utils/api/image.go, lookupImageExtractor.
fn extractor(e: &verify_images::Extractor) -> Extractor {
    let steps = e.path.text.split('/').map(|s| s.trim_matches(' ')).filter(|s| !s.is_empty());
    let mut steps: Vec<String> = steps.map(str::to_owned).collect();
    let value = if e.value.is_empty() { steps.pop().unwrap_or_default() } else { e.value.clone() };
    Extractor {
        steps,
        value,
        key: e.key.clone(),
        group: if e.name.is_empty() { "custom".to_owned() } else { e.name.clone() },
        expression: e.expression.as_ref().map(|t| t.text.clone()),
    }
}
