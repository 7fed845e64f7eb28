//! Conditions of a status, as all of Kubernetes writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Holds {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows.
    Unknown,
}

/// One aspect of an object's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// When the status changed last.
    #[schemars(extend("format" = "date-time"))]
    pub last_transition_time: String,
    /// Details for people; may be empty.
    #[schemars(length(max = 32768))]
    pub message: String,
    /// The generation of the object that the condition was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int64", "minimum" = 0))]
    pub observed_generation: Option<i64>,
    /// Why the status changed last, in one CamelCase word.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"))]
    pub reason: String,
    /// Whether the condition holds.
    pub status: Holds,
    /// What the condition is about, such as `Ready`.
    #[schemars(
        length(max = 316),
        regex(
            pattern = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
        )
    )]
    #[serde(rename = "type")]
    pub kind: String,
}

/// The condition that tells whether a policy or an entry is in use.
pub const READY: &str = "Ready";
/// Why something is ready.
pub const SUCCEEDED: &str = "Succeeded";
/// Why something is not.
pub const FAILED: &str = "Failed";

/// Longest message of a condition that the API server takes, in characters.
const LONGEST: usize = 32768;

impl Condition {
    /// The condition `Ready` at a time (RFC 3339). A message that is too long is cut.
    ///
    /// Kyverno: api/kyverno/v1/policy_status.go, `SetReady`.
    pub fn ready(ready: bool, message: &str, now: &str) -> Self {
        let (status, reason) = if ready { (Holds::True, SUCCEEDED) } else { (Holds::False, FAILED) };
        Condition {
            last_transition_time: now.to_owned(),
            message: message.chars().take(LONGEST).collect(),
            observed_generation: None,
            reason: reason.to_owned(),
            status,
            kind: READY.to_owned(),
        }
    }

    /// Takes the place of the condition of the same type, or joins those that there are.
    /// The time of a transition stays where the status does.
    ///
    /// Go: k8s.io/apimachinery/pkg/api/meta/conditions.go, `SetStatusCondition`.
    pub fn put(mut self, all: &mut Vec<Condition>) {
        match all.iter_mut().find(|c| c.kind == self.kind) {
            Some(old) => {
                if old.status == self.status {
                    self.last_transition_time = std::mem::take(&mut old.last_transition_time);
                }
                *old = self;
            }
            None => all.push(self),
        }
    }
}

/// Whether the conditions say that the object is ready.
pub fn is_ready(all: &[Condition]) -> bool {
    all.iter().any(|c| c.kind == READY && c.status == Holds::True)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_transition_stays_while_the_status_does() {
        let mut all = Vec::new();
        Condition::ready(true, "a", "2024-01-01T00:00:00Z").put(&mut all);
        Condition::ready(true, "b", "2024-01-02T00:00:00Z").put(&mut all);
        assert_eq!((all.len(), all[0].message.as_str()), (1, "b"));
        assert_eq!(all[0].last_transition_time, "2024-01-01T00:00:00Z");
        assert!(is_ready(&all));
        Condition::ready(false, "c", "2024-01-03T00:00:00Z").put(&mut all);
        assert_eq!(all[0].last_transition_time, "2024-01-03T00:00:00Z");
        assert!(!is_ready(&all));
    }
}
