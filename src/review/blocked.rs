//! Why a request is refused, in Kyverno's words.

use crate::report::go_yaml3::to_yaml_indented;
use kyvc_vm::document::{Buffers, Builder, Layout, Limits};
use std::collections::BTreeMap;

/// What rules say against a request, by policy and rule.
#[derive(Debug, Default)]
pub(super) struct Blocked<'s>(BTreeMap<&'s str, BTreeMap<&'s str, String>>);

impl<'s> Blocked<'s> {
    pub(super) fn add(&mut self, policy: &'s str, rule: &'s str, message: String) {
        self.0.entry(policy).or_default().insert(rule, message);
    }

    /// Kyverno: pkg/webhooks/utils/block.go, GetBlockedMessages
    pub(super) fn message(&self, resource: &str) -> String {
        let layout = Layout::everything();
        let mut b = Builder::new("", &layout, Buffers::default(), Limits::default());
        // Two levels of a few entries keep every limit.
        let mut fill = || {
            b.begin_map(None)?;
            for (policy, rules) in &self.0 {
                b.key(policy, None)?;
                b.begin_map(None)?;
                for (rule, message) in rules {
                    b.key(rule, None)?;
                    b.str(message, None)?;
                }
                b.end();
            }
            b.end();
            Ok::<_, kyvc_vm::document::BuildError>(())
        };
        let failures = match fill() {
            Ok(()) => to_yaml_indented(&b.finish(), 2),
            Err(e) => format!("failed to encode failures: {e}\n"),
        };
        format!("\n\nresource {resource} was blocked due to the following policies \n\n{failures}")
    }
}
