//! What is known of verified images, as annotations of their object have it.
//!
//! Kyverno: pkg/engine/api/imageverifymetadata.go.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The annotation with the images of all policies.
pub(super) const ANNOTATION: &str = "kyverno.io/verify-images";
/// The annotation with the images of each rule.
pub(super) const SCOPED_ANNOTATION: &str = "kyverno.io/verify-images-scoped";

type Images = BTreeMap<String, String>;
type Policies = BTreeMap<String, BTreeMap<String, Images>>;

/// What became of images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    images: Images,
    policies: Policies,
}

#[derive(Serialize, Deserialize)]
struct Scoped {
    #[serde(default)]
    version: i64,
    policies: Option<Policies>,
}

impl Metadata {
    /// Notes what became of an image, whatever the rule.
    pub(super) fn add(&mut self, image: &str, status: &str) {
        self.images.insert(image.to_owned(), status.to_owned());
    }

    /// Notes what became of an image for a rule. `policy` is its namespace and name.
    pub(super) fn add_for(&mut self, policy: &str, rule: &str, image: &str, status: &str) {
        self.add(image, status);
        let rules = self.policies.entry(policy.to_owned()).or_default();
        rules.entry(rule.to_owned()).or_default().insert(image.to_owned(), status.to_owned());
    }

    /// Adds what became of images for other policies.
    pub(super) fn merge(&mut self, other: Self) {
        self.images.extend(other.images);
        for (policy, rules) in other.policies {
            let ours = self.policies.entry(policy).or_default();
            rules.into_iter().for_each(|(rule, images)| ours.entry(rule).or_default().extend(images));
        }
    }

    /// The annotations that say it; none where there is nothing to say.
    pub(super) fn annotations(&self) -> Vec<(&'static str, String)> {
        if self.images.is_empty() && self.policies.is_empty() {
            return Vec::new();
        }
        let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        let mut out = vec![(ANNOTATION, json(serde_json::to_string(&self.images)))];
        if !self.policies.is_empty() {
            let scoped = Scoped { version: 1, policies: Some(self.policies.clone()) };
            out.push((SCOPED_ANNOTATION, json(serde_json::to_string(&scoped))));
        }
        out
    }

    /// What the annotation of an object says of an image and a rule.
    ///
    /// # Errors
    /// Where it is no such text.
    pub(super) fn status(annotation: &str, policy: &str, rule: &str, image: &str) -> Result<String, String> {
        let fail = || "fail".to_owned();
        if let Ok(Scoped { version: 1, policies: Some(policies) }) = serde_json::from_str(annotation) {
            let status = policies.get(policy).and_then(|r| r.get(rule)).and_then(|i| i.get(image));
            return Ok(status.cloned().unwrap_or_else(fail));
        }
        let plain: Result<Option<Images>, _> = serde_json::from_str(annotation);
        plain.map(|_| fail()).map_err(|e| format!("failed to parse scoped image metadata: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut metadata = Metadata::default();
        assert!(metadata.annotations().is_empty());
        metadata.add_for("/p", "r", "a:1", "pass");
        let all = metadata.annotations();
        assert_eq!(all[0], (ANNOTATION, r#"{"a:1":"pass"}"#.to_owned()));
        assert_eq!(all[1], (SCOPED_ANNOTATION, r#"{"version":1,"policies":{"/p":{"r":{"a:1":"pass"}}}}"#.to_owned()));
        assert_eq!(Metadata::status(&all[1].1, "/p", "r", "a:1").as_deref(), Ok("pass"));
        assert_eq!(Metadata::status(&all[1].1, "/q", "r", "a:1").as_deref(), Ok("fail"));
        assert_eq!(Metadata::status(&all[0].1, "/p", "r", "a:1").as_deref(), Ok("fail"));
        let mut other = Metadata::default();
        other.add_for("/q", "r", "b:1", "skip");
        metadata.merge(other);
        assert_eq!(metadata.annotations()[0].1, r#"{"a:1":"pass","b:1":"skip"}"#);
        assert!(metadata.annotations()[1].1.contains(r#""/p":{"r":{"a:1":"pass"}},"/q":{"r":{"b:1":"skip"}}"#));
        assert!(Metadata::status("x", "/p", "r", "a:1").is_err());
    }
}
