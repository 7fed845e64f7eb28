//! The bytes of an AdmissionReview, taken apart in one pass.

use crate::engine::{Operation, PolicySet, Reads, Request, User};
use kyvc_vm::document::{
    Buffers, Builder, Document, JsonError, JsonOptions, JsonWalk, Limits, NodeId, Topic, Uses, read_json,
};
use serde_json::{Map, Value};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ops::Range;
use thiserror::Error;

/// Why bytes are no review.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReviewError {
    /// They are no text
    #[error("the review is not UTF-8 from byte {0} on")]
    Utf8(usize),
    /// They are no JSON, or too much of it
    #[error("byte {}: {}", .0.offset, .0)]
    Json(#[from] JsonError),
    /// There is no request in it
    #[error("AdmissionReview request is nil")]
    NoRequest,
    /// A field has a value that it cannot have
    #[error("`request.{0}` is none that an API server sends")]
    Field(&'static str),
}

impl ReviewError {
    /// The HTTP status with which Kyverno answers.
    ///
    /// Kyverno: pkg/webhooks/handlers/admission.go
    pub fn http_status(&self) -> u16 {
        if matches!(self, ReviewError::NoRequest) { 400 } else { 417 }
    }
}

/// A kind or a resource, with its group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupVersion<'a> {
    /// The API group, empty for the core group
    pub group: Cow<'a, str>,
    /// The version
    pub version: Cow<'a, str>,
    /// The kind as in `Pod`, or the resource as in `pods`
    pub name: Cow<'a, str>,
}

impl GroupVersion<'_> {
    /// As an object has it in `apiVersion`.
    fn is_api_version(&self, text: &str) -> bool {
        match text.split_once('/') {
            Some((group, version)) => self.group == group && self.version == version,
            None => self.group.is_empty() && self.version == text,
        }
    }

    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        let Self { group, version, .. } = self;
        if group.is_empty() { version.to_string() } else { format!("{group}/{version}") }
    }
}

/// A request for admission, as an API server sends it. The objects are flattened for one policy set, all else is text.
#[derive(Debug)]
pub struct Review<'a> {
    /// `apiVersion` of the review itself
    pub api_version: Cow<'a, str>,
    /// `kind` of the review itself
    pub kind_of_review: Cow<'a, str>,
    /// The request's number, which the answer repeats
    pub uid: Cow<'a, str>,
    /// What the objects are
    pub kind: GroupVersion<'a>,
    /// What is asked for
    pub resource: GroupVersion<'a>,
    /// The part of it that is asked for, empty for the whole
    pub subresource: Cow<'a, str>,
    /// The name, empty where the API server makes one
    pub name: Cow<'a, str>,
    /// The namespace, empty for what has none
    pub namespace: Cow<'a, str>,
    /// The operation
    pub operation: Operation,
    /// Whether nothing is to be kept
    pub dry_run: bool,
    /// `userInfo`, as text
    pub user_info: &'a str,
    /// The object as it is to be, if the operation has one
    pub object: Option<Document<'a>>,
    /// The object as it is, where the set looks at that
    pub old_object: Option<Document<'a>>,
    text: &'a str,
    /// The members of `request` but the objects
    members: SmallVec<[Range<usize>; 16]>,
}

/// Memory for the objects of a review.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) object: Buffers,
    pub(super) old_object: Buffers,
}

impl<'a> Review<'a> {
    pub(super) fn read(
        set: &'a PolicySet,
        bytes: &'a [u8],
        uses: Uses,
        memory: &mut Memory,
    ) -> Result<Self, ReviewError> {
        let text = std::str::from_utf8(bytes).map_err(|e| ReviewError::Utf8(e.valid_up_to()))?;
        let mut review = Review {
            api_version: Cow::default(),
            kind_of_review: Cow::default(),
            uid: Cow::default(),
            kind: GroupVersion::default(),
            resource: GroupVersion::default(),
            subresource: Cow::default(),
            name: Cow::default(),
            namespace: Cow::default(),
            operation: Operation::default(),
            dry_run: false,
            user_info: "",
            object: None,
            old_object: None,
            text,
            members: SmallVec::new(),
        };
        let mut walk = JsonWalk::new(text)?;
        let mut found = false;
        walk.members(|walk, key| {
            match key {
                "apiVersion" => review.api_version = walk.text()?.unwrap_or_default(),
                "kind" => review.kind_of_review = walk.text()?.unwrap_or_default(),
                "request" if !walk.is_null() => {
                    found = true;
                    review.request(walk, set, uses, memory)?;
                }
                _ => {}
            }
            Ok::<_, ReviewError>(())
        })?;
        walk.end()?;
        if !found {
            return Err(ReviewError::NoRequest);
        }
        review.conform(set)?;
        Ok(review)
    }

    fn request(
        &mut self,
        walk: &mut JsonWalk<'a>,
        set: &'a PolicySet,
        uses: Uses,
        memory: &mut Memory,
    ) -> Result<(), ReviewError> {
        // What is asked for a part of something is told of what kind that is later on.
        let options = |review: &Self| {
            let by_identity = Some(uses).filter(|_| review.subresource.is_empty());
            // Kyverno's JSON context has no other numbers, and functions count with no others.
            JsonOptions { by_identity, floats: true, ..JsonOptions::default() }
        };
        let layout = set.program().layout();
        // An old object that came before anybody knew that it is needed.
        let mut passed = None;
        let mut operation = None;
        let text = |walk: &mut JsonWalk<'a>| walk.text().map(Option::unwrap_or_default);
        walk.members(|walk, key| {
            let start = walk.member_at();
            match key {
                "object" if walk.is_null() => self.object = None,
                "object" => {
                    let buffers = std::mem::take(&mut memory.object);
                    self.object = Some(walk.document(layout, buffers, options(self))?);
                }
                "oldObject" if walk.is_null() => passed = None,
                "oldObject" if operation == Some(Operation::Delete) || self.asks_for_old(set, uses) => {
                    let buffers = std::mem::take(&mut memory.old_object);
                    self.old_object = Some(walk.document(layout, buffers, options(self))?);
                }
                "oldObject" => passed = Some(walk.skip()?),
                "uid" => self.uid = text(walk)?,
                "kind" => self.kind = group_version(walk, "kind")?,
                "resource" => self.resource = group_version(walk, "resource")?,
                "subResource" => self.subresource = text(walk)?,
                "name" => self.name = text(walk)?,
                "namespace" => self.namespace = text(walk)?,
                "operation" => operation = operation_of(&text(walk)?),
                "userInfo" => self.user_info = walk.skip()?,
                "dryRun" => self.dry_run = walk.skip()? == "true",
                _ => _ = walk.skip()?,
            }
            if !matches!(key, "object" | "oldObject") {
                self.members.push(start..walk.at());
            }
            Ok::<_, ReviewError>(())
        })?;
        self.operation = operation.ok_or(ReviewError::Field("operation"))?;
        if let Some(text) = passed.filter(|_| self.operation == Operation::Delete) {
            let buffers = std::mem::take(&mut memory.old_object);
            self.old_object = Some(read_json(text, layout, buffers, options(self))?);
        }
        Ok(())
    }

    /// Whether rules look at the old object that may be about the new one.
    fn asks_for_old(&self, set: &PolicySet, uses: Uses) -> bool {
        let Some(object) = self.object.as_ref().filter(|_| self.subresource.is_empty()) else { return set.reads.old };
        let own = set.topic(&Request::create(object)).object;
        // What it will be taken for, once all is read.
        let topic = Topic { kind: &self.kind.name, ..own };
        let same = self.kind.name == own.kind && (self.namespace == own.namespace || own.kind == "Namespace");
        if same && object.covers(&topic, uses) { Reads::of_marks(object.marks()).old } else { set.reads.old }
    }

    /// Gives the objects the kind and the namespace of the request, which those that are only a part of something may
    /// lack.
    ///
    /// Kyverno: pkg/utils/admission/resource.go, ConvertResource
    fn conform(&mut self, set: &'a PolicySet) -> Result<(), ReviewError> {
        for object in [&mut self.object, &mut self.old_object] {
            let Some(doc) = object.as_ref() else { continue };
            let Some(root) = doc.root() else { continue };
            if self.kind.name.is_empty() {
                continue;
            }
            let text = |path| doc.slot(path).and_then(|n| doc.as_str(n)).unwrap_or_default();
            let (kind, namespace) = (text(set.paths.kind), text(set.paths.namespace));
            let wanted = if self.kind.name == "Namespace" { "" } else { &*self.namespace };
            let placed = namespace == wanted || (wanted.is_empty() && self.kind.name != "Namespace");
            if placed && kind == self.kind.name && self.kind.is_api_version(text(set.paths.api_version)) {
                continue;
            }
            *object = Some(
                conformed(doc, root, &self.kind, &self.namespace)
                    .map_err(|kind| ReviewError::Json(JsonError { offset: 0, kind: kind.into() }))?,
            );
        }
        Ok(())
    }

    /// Who makes the request; the roles are those that the caller has found.
    pub fn user(&self, roles: &[String], cluster_roles: &[String]) -> User {
        let mut info: Map<String, Value> = serde_json::from_str(self.user_info).unwrap_or_default();
        let mut text = |key: &str| match info.remove(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (name, uid) = (text("username"), text("uid"));
        let groups = match info.remove("groups") {
            Some(Value::Array(groups)) => groups.iter().filter_map(|g| g.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        let extra = match info.remove("extra") {
            Some(Value::Object(extra)) => extra,
            _ => Map::new(),
        };
        User { name, groups, uid, extra, roles: roles.to_vec(), cluster_roles: cluster_roles.to_vec() }
    }

    /// `request` without the objects, as JSON, with the roles that Kyverno adds.
    pub(super) fn rest(&self, roles: &[String], cluster_roles: &[String]) -> String {
        let mut out = String::from("{");
        let mut add = |member: &str| {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(member);
        };
        self.members.iter().filter_map(|m| self.text.get(m.clone())).for_each(&mut add);
        for (key, list) in [("roles", roles), ("clusterRoles", cluster_roles)] {
            if !list.is_empty() {
                add(&format!("\"{key}\":{}", Value::from(list.to_vec())));
            }
        }
        out.push('}');
        out
    }
}

fn group_version<'a>(walk: &mut JsonWalk<'a>, name: &str) -> Result<GroupVersion<'a>, ReviewError> {
    let mut found = GroupVersion::default();
    walk.members(|walk, key| {
        match key {
            "group" => found.group = walk.text()?.unwrap_or_default(),
            "version" => found.version = walk.text()?.unwrap_or_default(),
            key if key == name => found.name = walk.text()?.unwrap_or_default(),
            _ => {}
        }
        Ok::<_, ReviewError>(())
    })?;
    Ok(found)
}

fn operation_of(text: &str) -> Option<Operation> {
    [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect].into_iter().find(|o| o.name() == text)
}

/// An object with another kind and namespace.
fn conformed<'a>(
    doc: &Document<'a>,
    root: NodeId,
    kind: &GroupVersion<'_>,
    namespace: &str,
) -> Result<Document<'a>, kyvc_vm::document::BuildError> {
    let mut b = Builder::new("", doc.layout(), Buffers::default(), Limits::default());
    let namespace = if kind.name == "Namespace" { "" } else { namespace };
    b.begin_map(None)?;
    b.key("apiVersion", None)?;
    b.str(&kind.api_version(), None)?;
    b.key("kind", None)?;
    b.str(&kind.name, None)?;
    let mut placed = namespace.is_empty();
    for (key, member) in doc.entries(root) {
        let text = doc.key_text(key);
        if matches!(text, "apiVersion" | "kind") {
            continue;
        }
        b.key(text, None)?;
        if text != "metadata" || (namespace.is_empty() && kind.name != "Namespace") {
            b.graft(doc, member)?;
            continue;
        }
        metadata(&mut b, doc, member, namespace)?;
        placed = true;
    }
    if !placed {
        b.key("metadata", None)?;
        b.begin_map(None)?;
        b.key("namespace", None)?;
        b.str(namespace, None)?;
        b.end();
    }
    b.end();
    Ok(b.finish())
}

fn metadata(
    b: &mut Builder<'_>,
    doc: &Document<'_>,
    node: NodeId,
    namespace: &str,
) -> Result<(), kyvc_vm::document::BuildError> {
    b.begin_map(None)?;
    for (key, member) in doc.entries(node).filter(|(key, _)| doc.key_text(*key) != "namespace") {
        b.key(doc.key_text(key), None)?;
        b.graft(doc, member)?;
    }
    if !namespace.is_empty() {
        b.key("namespace", None)?;
        b.str(namespace, None)?;
    }
    b.end();
    Ok(())
}
