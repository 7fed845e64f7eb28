//! Judging what rules said by what a test expects.
//!
//! Kyverno: commands/test/output.go, printTestResult, and commands/test/command.go, checkResult. Its maps have no order;
//! here resources come in the order of their files.

use super::compare::{Compared, compare};
use super::diff;
use super::file::{Expected, Folder};
use crate::engine::{PolicySet, Status};
use crate::offline::outcome::{Does, Object, Response, Ruled};
use crate::report::openreports::Reference;
use crate::report::test_rows::{Counts, Judgement, Reason, Row};

/// What was said of one resource.
#[derive(Debug)]
pub(super) struct Said {
    /// What identifies the resource, in Kyverno's form
    pub(super) key: Key,
    pub(super) responses: Vec<Response>,
}

/// An existing object, and what changed it: responses, and the number of the rule in each.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) key: Key,
    pub(super) by: Vec<(Response, usize)>,
}

/// `apiVersion,kind,namespace,name`, or the name of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) String);

impl Key {
    pub(super) fn of(reference: &Reference) -> Self {
        let Reference { api_version, kind, namespace, name, .. } = reference;
        Self(format!("{api_version},{kind},{namespace},{name}"))
    }

    /// The part that stands so far from the end.
    fn part(&self, from_end: usize) -> &str {
        self.0.rsplit(',').nth(from_end).unwrap_or_default()
    }

    /// What is before the name, and the name, with slashes.
    fn path(&self) -> (String, String) {
        split(&self.0.replace(',', "/"))
    }
}

fn split(path: &str) -> (String, String) {
    path.rsplit_once('/').map_or((String::new(), path.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
}

/// Everything that was said in a test.
#[derive(Debug, Default)]
pub(super) struct All {
    /// For the operation that the values say
    pub(super) usual: Vec<Said>,
    /// For operations that results name
    pub(super) by_operation: Vec<(String, Vec<Said>)>,
    pub(super) targets: Vec<Changed>,
    /// Policies that Kyverno refuses, and why
    pub(super) refused: Vec<(String, String)>,
    /// The resources as they were read, where something is compared with them
    pub(super) objects: Vec<Object>,
}

/// Judges all that is expected.
pub(super) struct Judge<'j> {
    pub(super) set: &'j PolicySet,
    pub(super) all: &'j All,
    /// The folder of the test
    pub(super) folder: &'j Folder,
    pub(super) remove_color: bool,
    pub(super) counts: &'j mut Counts,
    pub(super) rows: Vec<Row>,
}

/// What a comparison gives: whether it is as expected, why, and what the rule said.
type Checked = (bool, String, Reason);

impl Judge<'_> {
    /// Makes the rows of one expected result.
    pub(super) fn expected(&mut self, expected: &Expected) {
        let all = self.all;
        let trigger: &[Said] = if expected.operation.is_empty() {
            &all.usual
        } else {
            let found = all.by_operation.iter().find(|(o, _)| *o == expected.operation);
            found.map_or(&[], |(_, said)| said.as_slice())
        };
        let mut keys = named(expected, &all.targets, trigger);
        if keys.is_empty() {
            // Kyverno takes all resources where none is named, or none of those named is there.
            keys = all.targets.iter().map(|t| &t.key).chain(trigger.iter().map(|s| &s.key)).collect();
        }
        for key in keys {
            self.resource(expected, key, trigger);
        }
    }

    fn resource(&mut self, expected: &Expected, key: &Key, trigger: &[Said]) {
        let before = self.rows.len();
        let mut passed_over = false;
        if let Some(said) = trigger.iter().find(|s| s.key == *key) {
            let mut current = said.responses.first().and_then(|r| self.all.objects.get(r.resource));
            for response in &said.responses {
                let policy = self.set.policies().get(response.policy);
                let name = expected.policy.rsplit('/').next().unwrap_or_default();
                let ours = policy.is_some_and(|p| p.name == name);
                if ours {
                    passed_over |= self.response(expected, key, response, current);
                    if self.rows.len() == before && !passed_over {
                        // No rule says anything: the resource is excluded, and whatever was expected is fine.
                        self.counts.skip += 1;
                        self.add(expected, &expected.rule, key.path(), Judgement::Pass, Reason::Excluded, "Excluded");
                    }
                }
                current = response.patched.as_ref().or(current);
            }
        }
        let all = self.all;
        if let Some(target) = all.targets.iter().find(|t| t.key == *key) {
            for (response, number) in &target.by {
                let Some((ruled, object)) = response.rules.get(*number).and_then(|r| Some((r, r.target.as_ref()?)))
                else {
                    continue;
                };
                let checked = self.check(expected, response, ruled, Some(object));
                self.judged(expected, &ruled.rule, key.path(), checked);
            }
        }
        if self.rows.len() == before && !passed_over {
            self.nothing(expected, key);
        }
    }

    /// Judges what one policy said. Says whether a rule is passed over because its resource is not in the file.
    fn response(&mut self, expected: &Expected, key: &Key, response: &Response, object: Option<&Object>) -> bool {
        let mut passed_over = false;
        for ruled in response.rules.iter().filter(|r| is_about(expected, &r.rule)) {
            if ruled.does == Does::Generate {
                if ruled.generated.is_empty() {
                    let checked = self.compare_status(expected, response, ruled);
                    self.judged(expected, &ruled.rule, key.path(), checked);
                }
                for made in &ruled.generated {
                    let checked = self.check(expected, response, ruled, Some(made));
                    self.judged(expected, &ruled.rule, split(&made.reference.name), checked);
                }
                continue;
            }
            let object = if ruled.does == Does::Mutate { response.patched.as_ref().or(object) } else { object };
            let checked = self.check(expected, response, ruled, object);
            if !expected.fail_on_missing_resources && checked.1.contains("not found in manifest") {
                passed_over = true;
                continue;
            }
            self.judged(expected, &ruled.rule, key.path(), checked);
        }
        passed_over
    }

    /// A row for a resource that no policy of the name was asked about.
    fn nothing(&mut self, expected: &Expected, key: &Key) {
        let name = expected.policy.rsplit('/').next().unwrap_or_default();
        // Kyverno's map keeps the last of two policies of a name.
        let all = self.all;
        match all.refused.iter().rfind(|(n, _)| n == name) {
            Some((_, why)) => {
                self.counts.skip += 1;
                self.add(expected, &expected.rule, key.path(), Judgement::Skip, Reason::InvalidPolicy, why);
            }
            None => {
                self.counts.fail += 1;
                self.add(expected, &expected.rule, key.path(), Judgement::Fail, Reason::NotFound, "Not found");
            }
        }
    }

    fn judged(&mut self, expected: &Expected, rule: &str, path: (String, String), checked: Checked) {
        let (good, message, reason) = checked;
        let judgement = if good { Judgement::Pass } else { Judgement::Fail };
        *match (good, expected.result.as_str()) {
            (false, _) => &mut self.counts.fail,
            (true, "skip") => &mut self.counts.skip,
            (true, _) => &mut self.counts.pass,
        } += 1;
        self.add(expected, rule, path, judgement, reason, &message);
    }

    fn add(
        &mut self,
        expected: &Expected,
        rule: &str,
        (path, name): (String, String),
        judgement: Judgement,
        reason: Reason,
        message: &str,
    ) {
        self.rows.push(Row {
            id: self.rows.len() + 1,
            policy: expected.policy.clone(),
            rule: rule.to_owned(),
            path,
            name,
            judgement,
            reason,
            message: message.to_owned(),
        });
    }

    /// Compares an object with the files that are expected, and then the status.
    fn check(&self, expected: &Expected, response: &Response, ruled: &Ruled, object: Option<&Object>) -> Checked {
        let against = |file: &str, what| object.map(|o| compare(o, &self.folder.at(file), what));
        if !expected.patched_resources.is_empty() {
            let compared = against(&expected.patched_resources, "PatchedResources");
            let why = "Patched resource didn't match the patched resource in the test result";
            if let Some(bad) = self.different(compared, why) {
                return bad;
            }
        }
        let many = expected.generated_resources.as_deref().unwrap_or_default();
        if !many.is_empty() {
            let why = "Generated resource didn't match any of the expected generated resources in the test result";
            if let Some(bad) = self.none_of(many.iter().map(|file| against(file, "GeneratedResources")), why) {
                return bad;
            }
        } else if !expected.generated_resource.is_empty() {
            let compared = against(&expected.generated_resource, "GeneratedResource");
            let why = "Patched resource didn't match the generated resource in the test result";
            if let Some(bad) = self.different(compared, why) {
                return bad;
            }
        }
        self.compare_status(expected, response, ruled)
    }

    fn different(&self, compared: Option<Compared>, why: &str) -> Option<Checked> {
        match compared? {
            Compared::Same => None,
            Compared::Failed(e) => Some((false, e, Reason::ResourceError)),
            Compared::Differs(text) => Some((false, self.explained(why, &text), Reason::ResourceDiff)),
        }
    }

    /// As [`different`](Self::different), where one of several files is enough.
    fn none_of(&self, compared: impl Iterator<Item = Option<Compared>>, why: &str) -> Option<Checked> {
        let (mut last, mut failed) = (String::new(), None);
        for compared in compared {
            match compared? {
                Compared::Same => return None,
                Compared::Failed(e) => failed = Some(e),
                Compared::Differs(text) => last = text,
            }
        }
        Some(match failed.filter(|_| last.is_empty()) {
            Some(e) => (false, e, Reason::ResourceError),
            None => (false, self.explained(why, &last), Reason::ResourceDiff),
        })
    }

    fn explained(&self, why: &str, text: &str) -> String {
        let legend = diff::pretty("only in expected", "only in actual");
        let shown = format!("{why}\n({legend})\n\n{text}");
        if self.remove_color { diff::plain(&shown) } else { shown }
    }

    fn compare_status(&self, expected: &Expected, response: &Response, ruled: &Ruled) -> Checked {
        let scored = self.set.policies().get(response.policy).is_none_or(|p| p.scored);
        let status = if ruled.status == Status::Fail && !scored { Status::Warn } else { ruled.status };
        let good = expected.result == status.name();
        let reason = if good { Reason::Ok } else { Reason::Want(expected.result.clone(), status.name()) };
        (good, ruled.message.clone(), reason)
    }
}

/// Whether a rule is the one that is expected to say something, or one made from it; all are where none is named.
fn is_about(expected: &Expected, rule: &str) -> bool {
    let wanted = &expected.rule;
    wanted.is_empty()
        || rule == wanted
        || rule.strip_prefix("autogen-").is_some_and(|r| r == wanted)
        || rule.strip_prefix("autogen-cronjob-").is_some_and(|r| r == wanted)
}

/// The resources that an expected result names.
fn named<'a>(expected: &Expected, targets: &'a [Changed], trigger: &'a [Said]) -> Vec<&'a Key> {
    let keys = || targets.iter().map(|t| &t.key).chain(trigger.iter().map(|s| &s.key));
    let mut out = Vec::new();
    let Some(names) = &expected.resources else { return out };
    for name in names {
        match name.split('/').collect::<Vec<_>>().as_slice() {
            [name] => out.extend(keys().filter(|k| k.part(0) == *name)),
            [namespace, name] => out.extend(keys().filter(|k| k.part(1) == *namespace && k.part(0) == *name)),
            _ => {}
        }
    }
    for spec in expected.resource_specs.iter().flatten() {
        let version =
            if spec.group.is_empty() { spec.version.clone() } else { format!("{}/{}", spec.group, spec.version) };
        out.extend(keys().filter(|k| {
            let parts: Vec<&str> = k.0.split(',').collect();
            parts.first() == Some(&version.as_str()) && k.part(1) == spec.namespace && k.part(0) == spec.name
        }));
    }
    out
}
