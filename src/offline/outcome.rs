//! What policies said of resources.

use crate::engine::{Status, Violated};
use crate::report::openreports::Reference;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, read_json};

/// What a rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Does {
    /// It checks
    #[default]
    Validate,
    /// It changes the resource, or others
    Mutate,
    /// It makes other resources
    Generate,
    /// It verifies images
    VerifyImages,
    /// It says which resources are to go
    Cleanup,
}

/// An object that a rule made or changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// What it is
    pub reference: Reference,
    /// The object as JSON, as Go writes it
    pub json: String,
    /// Whether its numbers are float64, as they are in what no rule changed
    pub floats: bool,
}

impl Object {
    /// Reads the JSON, and gives the object to `each`.
    pub fn read<T>(&self, each: impl FnOnce(&Document<'_>) -> T) -> Option<T> {
        let layout = Layout::everything();
        let mut doc = read_json(&self.json, &layout, Buffers::default(), JsonOptions::default()).ok()?;
        if self.floats {
            doc.numbers_to_floats();
        }
        Some(each(&doc))
    }
}

/// What a rule said.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// Its name
    pub rule: String,
    /// What it does
    pub does: Does,
    /// What became of it
    pub status: Status,
    /// Why
    pub message: String,
    /// The existing object that it changed, as it is now
    pub target: Option<Object>,
    /// What it generated
    pub generated: Vec<Object>,
    /// The policy exceptions that it does not apply because of
    pub exceptions: Vec<String>,
    /// What is violated of a Pod Security Standard
    pub standard: Option<Box<Violated>>,
    /// What reports have of it besides
    pub properties: Vec<(String, String)>,
}

/// What the rules of one kind of one policy said of one resource.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Number of the policy in its set
    pub policy: usize,
    /// Number of the resource
    pub resource: usize,
    /// What the resource was when it was asked about, where that is not what it was first
    pub about: Option<Reference>,
    /// What the rules do
    pub does: Does,
    /// The rules that said something
    pub rules: Vec<Ruled>,
    /// Whether the policy only audits violations in the resource's namespace
    pub audits: bool,
    /// The resource as the rules left it, where they may change it
    pub patched: Option<Object>,
}

/// The resources, and what was said of them in their order.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The resources
    pub resources: Vec<Reference>,
    /// What was said
    pub responses: Vec<Response>,
    /// Numbers of the resources that nobody could be asked about, and why
    pub failed: Vec<(usize, String)>,
}

impl Outcome {
    /// Adds what was said of further resources.
    pub(super) fn append(&mut self, mut other: Self) {
        let first = self.resources.len();
        self.resources.append(&mut other.resources);
        self.responses.extend(other.responses.into_iter().map(|r| Response { resource: r.resource + first, ..r }));
        self.failed.extend(other.failed.into_iter().map(|(resource, why)| (resource + first, why)));
    }

    /// Forgets a resource and all that come after it.
    pub fn stop_at(&mut self, resource: usize) {
        self.responses.retain(|r| r.resource < resource && r.does != Does::Cleanup);
    }
}
