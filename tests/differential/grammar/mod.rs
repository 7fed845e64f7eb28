//! The grammar of the generated policies and manifests, one module a construct family.
//!
//! Policies and manifests are made from the same pools of keys, values and paths (`shape`, `vocab`), so that matches,
//! mismatches and skips are all frequent. Each construct has a tag; every policy has some constructs that are `featured`,
//! taken where it is on offer, so that rare constructs come up as well.

pub(crate) mod action;
pub(crate) mod anchors;
pub(crate) mod attestors;
pub(crate) mod autogen;
pub(crate) mod cleanup;
pub(crate) mod company;
pub(crate) mod conditions;
pub(crate) mod constructs;
pub(crate) mod context;
pub(crate) mod exceptions;
pub(crate) mod expression;
pub(crate) mod filters;
pub(crate) mod foreach;
pub(crate) mod generate;
pub(crate) mod images;
pub(crate) mod kinds;
pub(crate) mod labels;
pub(crate) mod loops;
pub(crate) mod manifest;
pub(crate) mod matching;
pub(crate) mod mutation;
pub(crate) mod operations;
pub(crate) mod operators;
pub(crate) mod patches;
pub(crate) mod pattern;
pub(crate) mod pod_security;
pub(crate) mod policy;
pub(crate) mod secured;
pub(crate) mod shape;
pub(crate) mod shapes;
pub(crate) mod signed;
pub(crate) mod targets;
pub(crate) mod templates;
pub(crate) mod variables;
pub(crate) mod vocab;
pub(crate) mod workload;

use super::rng::Rng;
use super::theme::Theme;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The constructs that stand in a document.
pub(crate) type Tags = BTreeSet<&'static str>;

/// What the command line gets besides policies and manifests, as far as policies are made for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around {
    /// A values file
    pub(crate) values: bool,
    /// Resources for API calls to find
    pub(crate) company: bool,
}

/// The state of one document's generation.
pub(crate) struct Gen {
    /// The source of all choices.
    pub(crate) rng: Rng,
    /// The constructs used so far.
    pub(crate) tags: Tags,
    /// The kinds that the batch is about, by index.
    pub(crate) focus: Vec<usize>,
    /// The manifest that the document is about, if it is a policy about one.
    pub(crate) aim: Option<Value>,
    /// What rules a policy has.
    pub(crate) theme: Theme,
    /// What variables may name besides the request, with what it probably is.
    pub(crate) known: Map<String, Value>,
    /// In how many loops.
    pub(crate) nesting: usize,
    /// Whether there is a variable that `spec.background` must be false for.
    pub(crate) user: bool,
    /// What else the command line gets.
    pub(crate) around: Around,
    /// Values for the rule that is being made.
    pub(crate) rule_values: Map<String, Value>,
    /// Values for rules, as a values file has them.
    pub(crate) values_of_rules: Vec<Value>,
    featured: Vec<&'static str>,
}

impl Gen {
    /// A generator for one document, which takes `featured` where it can.
    pub(crate) fn new(rng: Rng, focus: Vec<usize>, featured: Vec<&'static str>) -> Self {
        Self {
            rng,
            tags: Tags::new(),
            focus,
            aim: None,
            theme: Theme::default(),
            known: Map::new(),
            nesting: 0,
            user: false,
            around: Around::default(),
            rule_values: Map::new(),
            values_of_rules: Vec::new(),
            featured,
        }
    }

    /// Notes that a construct stands in the document.
    pub(crate) fn tag(&mut self, tag: &'static str) {
        self.tags.insert(tag);
    }

    /// Whether `tag` is a featured construct and not used yet.
    pub(crate) fn wants(&self, tag: &str) -> bool {
        self.featured.contains(&tag) && !self.tags.contains(tag)
    }

    /// Whether a featured construct is of a family (`anchor/`) and not used yet.
    pub(crate) fn wants_family(&self, family: &str) -> bool {
        self.featured.iter().any(|f| f.starts_with(family) && !self.tags.contains(f))
    }

    /// Whether to use an optional construct; notes it if so.
    pub(crate) fn maybe(&mut self, tag: &'static str, percent: u32) -> bool {
        let yes = self.wants(tag) || self.rng.chance(percent);
        if yes {
            self.tag(tag);
        }
        yes
    }

    /// One of several constructs by weight; notes it.
    pub(crate) fn choose(&mut self, table: &[(&'static str, u32)]) -> &'static str {
        let featured = table.iter().map(|(t, _)| *t).find(|t| self.wants(t));
        let tag = featured.unwrap_or_else(|| table[self.rng.weighted(table.iter().map(|(_, w)| *w))].0);
        self.tag(tag);
        tag
    }
}
