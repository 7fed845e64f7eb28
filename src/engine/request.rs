//! What a policy set is asked about.

use kyvc_vm::document::Document;
use kyvc_vm::selector::ResourceKind;
use serde_json::{Map, Value};

/// An admission operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// The object is new
    #[default]
    Create,
    /// The object replaces an old one
    Update,
    /// The object goes
    Delete,
    /// Somebody connects to it
    Connect,
}

impl Operation {
    /// The operation as admission reviews spell it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// Who makes a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User name
    pub name: String,
    /// Groups
    pub groups: Vec<String>,
    /// Roles, `namespace:name`
    pub roles: Vec<String>,
    /// Cluster roles
    pub cluster_roles: Vec<String>,
    /// The user's unique id, empty where it is unknown
    pub uid: String,
    /// What else the authenticator said
    pub extra: Map<String, Value>,
}

impl User {
    /// What `request` holds of a user.
    ///
    /// Kyverno: api/kyverno/v2, RequestInfo and the user of an admission request; what is empty is left out.
    pub fn request_fields(&self) -> Map<String, Value> {
        let mut info = Map::new();
        let texts = |list: &[String]| Value::from(list.to_vec());
        for (key, value) in [("username", &self.name), ("uid", &self.uid)] {
            if !value.is_empty() {
                info.insert(key.to_owned(), Value::from(value.as_str()));
            }
        }
        if !self.groups.is_empty() {
            info.insert("groups".to_owned(), texts(&self.groups));
        }
        if !self.extra.is_empty() {
            info.insert("extra".to_owned(), Value::Object(self.extra.clone()));
        }
        let mut out = Map::new();
        for (key, list) in [("roles", &self.roles), ("clusterRoles", &self.cluster_roles)] {
            if !list.is_empty() {
                out.insert(key.to_owned(), texts(list));
            }
        }
        out.insert("userInfo".to_owned(), Value::Object(info));
        out
    }
}

/// One request: an object and what is known around it.
///
/// The object must have been flattened with the layout of the policy set that is asked; the namespace's labels with one
/// that keeps everything.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The object; the old one for a deletion
    pub object: &'r Document<'r>,
    /// The object that is updated, flattened like the other one; where there is none, an update changes nothing
    pub old: Option<&'r Document<'r>>,
    /// The operation
    pub operation: Operation,
    /// The user, where one is known
    pub user: Option<&'r User>,
    /// The labels of the object's namespace, as a map
    pub namespace_labels: Option<&'r Document<'r>>,
    /// The subresource, empty for none
    pub subresource: &'r str,
    /// What rules are matched with, where the object is only a part of that; otherwise it is the object's own kind
    pub whole: Option<ResourceKind<'r>>,
    /// `request` without the two objects, as JSON; where there is none, it is made of what stands here
    pub rest: Option<&'r str>,
}

impl<'r> Request<'r> {
    /// The creation of an object by nobody in particular, as the CLI and background scans see it.
    pub fn create(object: &'r Document<'r>) -> Self {
        Self {
            object,
            old: None,
            operation: Operation::Create,
            user: None,
            namespace_labels: None,
            subresource: "",
            whole: None,
            rest: None,
        }
    }
}
