//! The exceptions that `kyverno apply --generate-exceptions` prints: one for a violation.
//!
//! Kyverno: commands/apply/print.go, printException.

use super::openreports::Reference;
use super::{go_json, go_yaml};
use crate::engine::Violated;
use crate::engine::pod_security::ControlReport;
use kyvc_vm::scalar::duration;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// A `PolicyException` of `kyverno.io/v2beta1`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyException {
    kind: &'static str,
    api_version: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Clone, Debug, Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    r#match: Match,
    exceptions: [Excepted; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pod_security: Vec<Control>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Control {
    control_name: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Match {
    all: [Filter; 1],
}

#[derive(Clone, Debug, Serialize)]
struct Filter {
    resources: Resources,
}

#[derive(Clone, Debug, Serialize)]
struct Resources {
    kinds: Vec<String>,
    names: Vec<String>,
    namespaces: [String; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Excepted {
    policy_name: String,
    rule_names: Vec<String>,
}

impl PolicyException {
    /// The exception from a rule for a resource; for a controller also for what it makes. `ttl` is in nanoseconds.
    pub fn of(policy: &str, rule: &str, resource: &Reference, ttl: i64) -> Self {
        let Reference { kind, namespace, name, .. } = resource;
        let (mut kinds, mut names) = (vec![kind.clone()], vec![name.clone()]);
        let mut rules = vec![rule.to_owned()];
        if rule.starts_with("autogen-") {
            if kind == "CronJob" {
                kinds.extend(["Job".to_owned(), "Pod".to_owned()]);
                rules.push(rule.replace("autogen-cronjob-", "autogen-"));
                rules.push(rule.get("autogen-cronjob-".len()..).unwrap_or_default().to_owned());
            } else {
                kinds.push("Pod".to_owned());
                rules.push(rule.get("autogen-".len()..).unwrap_or_default().to_owned());
            }
            names.push(format!("{name}-*"));
        }
        let labels = (ttl > 0).then(|| ("cleanup.kyverno.io/ttl", duration::format(ttl).to_string()));
        Self {
            kind: "PolicyException",
            api_version: "kyverno.io/v2beta1",
            metadata: Metadata {
                name: [policy, rule, namespace, name].join("-"),
                labels: labels.into_iter().collect(),
            },
            spec: Spec {
                r#match: Match {
                    all: [Filter { resources: Resources { kinds, names, namespaces: [namespace.clone()] } }],
                },
                exceptions: [Excepted { policy_name: policy.to_owned(), rule_names: rules }],
                pod_security: Vec::new(),
            },
        }
    }

    /// Lifts only the controls that are violated.
    #[must_use]
    pub fn lifting(mut self, violated: Option<&Violated>) -> Self {
        // The tags and digests of images, and in Kyverno whatever follows the port of a registry, may be any.
        let any = |image: &String| match image.find([':', '@']).and_then(|at| image.get(..at)) {
            Some(start) => format!("{start}*"),
            None => image.clone(),
        };
        let control = |c: &ControlReport| Control {
            control_name: c.control,
            images: c.images.iter().flatten().map(any).collect(),
        };
        self.spec.pod_security = violated.into_iter().flat_map(|v| &v.controls).map(control).collect();
        self
    }

    /// The exception as JSON on one line, or as YAML with a line break at its end.
    ///
    /// # Errors
    /// None that occurs: every field is text.
    pub fn text(&self, json: bool) -> io::Result<String> {
        let text = if json { go_json::to_json(self) } else { go_yaml::to_yaml(self) };
        text.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As `kyverno apply --generate-exceptions` prints it.
    #[test]
    fn of_a_controller() {
        let resource = Reference {
            kind: "CronJob".to_owned(),
            namespace: "default".to_owned(),
            name: "x".to_owned(),
            ..Reference::default()
        };
        let text = PolicyException::of("p", "autogen-cronjob-r", &resource, 5_400_000_000_000).text(true).unwrap();
        let want = concat!(
            r#"{"kind":"PolicyException","apiVersion":"kyverno.io/v2beta1","metadata":{"name":"#,
            r#""p-autogen-cronjob-r-default-x","labels":{"cleanup.kyverno.io/ttl":"1h30m0s"}},"spec":{"match":{"all":"#,
            r#"[{"resources":{"kinds":["CronJob","Job","Pod"],"names":["x","x-*"],"namespaces":["default"]}}]},"#,
            r#""exceptions":[{"policyName":"p","ruleNames":["autogen-cronjob-r","autogen-r","r"]}]}}"#
        );
        assert_eq!(text, want);
        let yaml = PolicyException::of("p", "r", &resource, 0).text(false).unwrap();
        assert!(!yaml.contains("labels") && yaml.ends_with("namespaces:\n        - default\n"), "{yaml}");
    }
}
