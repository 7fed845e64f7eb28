//! Why a request is refused, in Kyverno's words.

use crate::report::go_yaml3::to_yaml_indented;
use kyvc_vm::document::{Buffers, Builder, Layout, Limits};
use std::collections::BTreeMap;

/// What rules say against a request, by policy and rule.
#[derive(Debug, Default)]
pub(super) struct Blocked<'s> {
    /// By the policies' names; a later policy takes the place of an earlier one of the same name, as in Kyverno
    policies: BTreeMap<&'s str, (usize, BTreeMap<&'s str, String>)>,
}

impl<'s> Blocked<'s> {
    /// Adds what a rule of a policy, which is told by its number, says. The policies come in order.
    pub(super) fn add(&mut self, number: usize, policy: &'s str, rule: &'s str, message: String) {
        let (of, rules) = self.policies.entry(policy).or_default();
        if *of != number {
            (*of, *rules) = (number, BTreeMap::new());
        }
        rules.insert(rule, message);
    }

    /// Kyverno: pkg/webhooks/utils/block.go, GetBlockedMessages
    pub(super) fn message(&self, resource: &str) -> String {
        let layout = Layout::everything();
        let mut b = Builder::new("", &layout, Buffers::default(), Limits::default());
        // Two levels of a few entries keep every limit.
        let mut fill = || {
            b.begin_map(None)?;
            for (policy, (_, rules)) in &self.policies {
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
