//! CleanupPolicy and ClusterCleanupPolicy of `kyverno.io`: which objects are deleted, and when.

use super::conditions::Conditions;
use super::context::{self, ContextEntry, Source};
use super::fields::{Fields, Problems, Text};
use super::matching::Match;
use super::metadata::Metadata;
use super::schedule;
use super::tree::{Tree, Value};
use crate::diag::Code;
use kyvc_vm::document::Place;

/// A cleanup policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleanup {
    /// Its name, and the namespace it is in and about; a `ClusterCleanupPolicy` should have none
    pub metadata: Metadata,
    /// Whether it is a `ClusterCleanupPolicy`
    pub cluster: bool,
    /// When it runs, in cron's form
    pub schedule: Text,
    /// `deletionPropagationPolicy`
    pub propagation: Option<Propagation>,
    /// What is deleted
    pub matches: Match,
    /// What is not
    pub exclude: Option<Match>,
    /// `context`
    pub context: Vec<ContextEntry>,
    /// What has to hold for an object to be deleted
    pub conditions: Option<Conditions>,
    /// Where it starts
    pub place: Place,
}

/// What becomes of the objects that a deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They go first
    Foreground,
    /// They go afterwards
    Background,
    /// They stay
    Orphan,
}

impl Propagation {
    /// All.
    pub const ALL: [Propagation; 3] = [Propagation::Foreground, Propagation::Background, Propagation::Orphan];

    /// The name that Kubernetes has for it.
    pub fn name(self) -> &'static str {
        match self {
            Propagation::Foreground => "Foreground",
            Propagation::Background => "Background",
            Propagation::Orphan => "Orphan",
        }
    }
}

impl Cleanup {
    /// Reads a policy. Problems go to `problems`; what could be read is returned all the same.
    pub fn read(tree: &Tree, cluster: bool, problems: &Problems) -> Self {
        let mut top = Fields::of(tree, "", problems);
        top.ignore(&["apiVersion", "kind", "status"]);
        let metadata = Metadata::read(top.take("metadata"), tree.place, problems);
        let empty = Tree::null(tree.place);
        let mut f = Fields::of(top.take("spec").unwrap_or(&empty), "spec", problems);
        top.finish();
        let schedule = f.text("schedule");
        if schedule.is_none() {
            problems.add(Code::MissingField, f.place(), "`spec.schedule` is missing");
        }
        let propagation = propagation(&mut f);
        let matches = f.take("match").map(|t| part(t, "spec.match", problems));
        if matches.is_none() {
            problems.add(Code::MissingField, f.place(), "`spec.match` is missing");
        }
        let exclude = f.take("exclude").map(|t| part(t, "spec.exclude", problems));
        let context = context::read(f.list("context").unwrap_or_default(), "spec.context", problems);
        let conditions = f.take("conditions").map(|t| {
            if !matches!(t.value, Value::Map(_)) {
                problems.add(Code::WrongType, t.place, "`spec.conditions` has to be a map with `any` and `all`");
            }
            Conditions::read(t, "spec.conditions", problems)
        });
        f.finish();
        Self {
            metadata,
            cluster,
            schedule: schedule.unwrap_or(Text { text: String::new(), place: tree.place }),
            propagation,
            matches: matches.unwrap_or_else(|| Match::none(tree.place)),
            exclude,
            context,
            conditions,
            place: tree.place,
        }
    }

    /// Reports what Kyverno's webhook refuses and its command line lets pass.
    pub fn check(&self, problems: &Problems) {
        if let Err(why) = schedule::parse(&self.schedule.text) {
            let message = format!("`spec.schedule` is no schedule: {why}");
            let help = "five fields: minute, hour, day of the month, month and day of the week";
            problems.add_with(Code::BadSchedule, self.schedule.place, message, Some(help.to_owned()));
        }
        for part in std::iter::once(&self.matches).chain(&self.exclude) {
            for filter in part.any.iter().chain(&part.all).filter(|f| !f.no_user()) {
                let message = "a cleanup policy knows no users: `roles`, `clusterRoles` and `subjects` are not allowed";
                problems.add(Code::BadMatch, filter.place, message);
            }
        }
        for entry in
            self.context.iter().filter(|e| matches!(e.source, Source::ConfigMap { .. } | Source::ImageRegistry { .. }))
        {
            let message = "the context of a cleanup policy has neither `configMap` nor `imageRegistry`";
            problems.add(Code::BadMatch, entry.place, message);
        }
    }
}

/// `match` or `exclude`, which have no older form here.
fn part(tree: &Tree, path: &str, problems: &Problems) -> Match {
    if let Value::Map(members) = &tree.value {
        for m in members.iter().filter(|m| !["any", "all"].contains(&m.key.as_str())) {
            problems.add(Code::UnknownField, m.key_place, format!("unknown field `{path}.{}`", m.key));
        }
    }
    Match::read(tree, path, problems)
}

fn propagation(f: &mut Fields<'_>) -> Option<Propagation> {
    let problems = f.problems();
    let text = f.text("deletionPropagationPolicy")?;
    let known = Propagation::ALL.into_iter().find(|p| p.name() == text.text);
    if known.is_none() {
        let message = "`spec.deletionPropagationPolicy` has to be `Foreground`, `Background` or `Orphan`";
        problems.add(Code::WrongType, text.place, message);
    }
    known
}
