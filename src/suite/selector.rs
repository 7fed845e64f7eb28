//! `--test-case-selector`: which expected results are looked at.
//!
//! Kyverno: test/filter/filter.go.

use super::file::Expected;
use kyvc_vm::scalar::Glob;

/// Patterns for policies, rules and resources; all of them have to match.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector {
    patterns: Vec<(What, String)>,
    /// What is wrong with the other parts
    pub(super) errors: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Policy,
    Rule,
    Resource,
}

impl Selector {
    /// Reads `key=pattern` pairs; those that are wrong are left out.
    pub(super) fn new(text: &str) -> Self {
        let mut out = Self::default();
        for pair in text.split(',').filter(|_| !text.is_empty()) {
            let parts: Vec<&str> = pair.split('=').map(str::trim).collect();
            let what = match parts.as_slice() {
                ["policy", _] => What::Policy,
                ["rule", _] => What::Rule,
                ["resource", _] => What::Resource,
                [_, _] => {
                    out.errors.push(format!(
                        "Invalid test-case-selector ({pair}). Parameter can only be policy, rule or resource."
                    ));
                    continue;
                }
                _ => {
                    out.errors.push(format!(
                        "Invalid test-case-selector argument ({pair}). Parameter must be in the form `<key>=<value>`."
                    ));
                    continue;
                }
            };
            out.patterns.extend(parts.get(1).map(|p| (what, (*p).to_owned())));
        }
        out
    }

    /// Whether an expected result is to be looked at.
    pub(super) fn selects(&self, expected: &Expected) -> bool {
        let resources = expected.resources.as_deref().unwrap_or_default();
        self.patterns.iter().all(|(what, pattern)| {
            let hit = |text: &str| Glob::new(pattern).matches(text);
            match what {
                What::Policy => expected.policy.is_empty() || hit(&expected.policy),
                What::Rule => expected.rule.is_empty() || hit(&expected.rule),
                What::Resource => resources.is_empty() || resources.iter().any(|r| hit(r)),
            }
        })
    }

    /// The patterns that take the place of the resources of a result, up to the first that takes everything.
    pub(super) fn resources(&self) -> Vec<String> {
        if !self.errors.is_empty() {
            return Vec::new();
        }
        let all = self.patterns.iter().filter(|(what, _)| *what == What::Resource).map(|(_, pattern)| pattern);
        all.take_while(|p| *p != "*").cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        let expected =
            Expected { policy: "p".to_owned(), resources: Some(vec!["abc".to_owned()]), ..Expected::default() };
        assert!(Selector::new("policy=*, rule=x,resource=a*").selects(&expected));
        assert!(!Selector::new("resource=b*").selects(&expected));
        assert_eq!(Selector::new("resource=a,resource=*,resource=b").resources(), ["a"]);
        let wrong = Selector::new("a=b,c");
        assert_eq!((wrong.errors.len(), wrong.patterns.len()), (2, 0));
        assert!(Selector::new("").errors.is_empty());
    }
}
