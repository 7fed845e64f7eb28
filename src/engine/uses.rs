//! What rules do with objects, as far as objects are read for some of it only.

use super::index::Topic;
use super::request::Request;
use crate::ir::{self, Body};
use kyvc_vm::document::{Document, Uses};

/// Rules say whether an object is right
pub const JUDGE: Uses = Uses::one(0);
/// Rules change an object, or verify its images
pub const CHANGE: Uses = Uses::one(1);
/// Rules make objects, or say which are to go
pub const MAKE: Uses = Uses::one(2);

/// What a rule does.
pub(super) fn of(rule: &ir::Rule) -> Uses {
    match &rule.body {
        Body::Mutate(_) => CHANGE,
        Body::Generate(_) | Body::Cleanup(_) => MAKE,
        Body::VerifyImages(v) if v.rule.checks() => CHANGE.and(JUDGE),
        Body::VerifyImages(_) => CHANGE,
        Body::Pattern(_)
        | Body::AnyPattern(_)
        | Body::Deny(_)
        | Body::ForEach(_)
        | Body::PodSecurity(_)
        | Body::Manifests(_)
        | Body::Broken(_) => JUDGE,
    }
}

/// The objects of a request once more, as far as they were not read for what is done now: somebody may have said of what
/// kind they are after they were read, or a rule have changed it.
#[derive(Debug, Default)]
pub(super) struct Again<'d> {
    object: Option<Document<'d>>,
    old: Option<Document<'d>>,
}

impl<'d> Again<'d> {
    /// Nothing where a request can be answered as it is.
    #[inline]
    pub(super) fn of(request: &Request<'d>, topic: &Topic<'_>, uses: Uses) -> Option<Self> {
        let covers = |doc: &Document<'_>| doc.covers(&topic.object, uses);
        let covered = covers(request.object) && request.old.is_none_or(covers);
        (!covered).then(|| Self::read(request))
    }

    /// As [`of`](Self::of), for rules about any kind and whatever they do.
    pub(super) fn of_any(request: &Request<'d>) -> Option<Self> {
        let covered = request.object.covers_all() && request.old.is_none_or(Document::covers_all);
        (!covered).then(|| Self::read(request))
    }

    #[cold]
    fn read(request: &Request<'d>) -> Self {
        // What is too large to be read stays as it is.
        Self { object: request.object.read_whole().ok(), old: request.old.and_then(|old| old.read_whole().ok()) }
    }

    /// The request with these objects.
    pub(super) fn request<'r>(&'r self, request: &Request<'r>) -> Request<'r> {
        Request {
            object: self.object.as_ref().unwrap_or(request.object),
            old: self.old.as_ref().or(request.old),
            ..*request
        }
    }

    /// The object and the old one.
    pub(super) fn objects(self) -> (Option<Document<'d>>, Option<Document<'d>>) {
        (self.object, self.old)
    }
}
