//! Cleanup policies as text.

use super::Printer;
use crate::policy::cleanup::{Cleanup, Propagation};

impl Printer {
    pub(super) fn cleanup(&mut self, policy: &Cleanup) {
        let kind = if policy.cluster { "ClusterCleanupPolicy" } else { "CleanupPolicy" };
        let (meta, place) = (&policy.metadata, policy.place);
        self.line(0, format_args!("{kind} {} @{}:{}", meta.name, place.line, place.column));
        self.head(meta.namespace.as_deref(), &meta.annotations);
        let schedule = &policy.schedule;
        self.line(1, format_args!("schedule {:?} @{}:{}", schedule.text, schedule.place.line, schedule.place.column));
        if let Some(how) = policy.propagation.map(Propagation::name) {
            self.line(1, format_args!("deletionPropagationPolicy {how}"));
        }
        self.matches("match", &policy.matches);
        if let Some(exclude) = &policy.exclude {
            self.matches("exclude", exclude);
        }
        self.context(2, &policy.context);
        if let Some(conditions) = &policy.conditions {
            self.conditions("condition", conditions);
        }
    }
}
