//! What a policy set is asked about.

use kyvc_vm::document::Document;

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
}

/// One request: an object and what is known around it.
///
/// The object must have been flattened with the layout of the policy set that is asked; the namespace's labels with one
/// that keeps everything.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The object; the old one for a deletion
    pub object: &'r Document<'r>,
    /// The operation
    pub operation: Operation,
    /// The user, where one is known
    pub user: Option<&'r User>,
    /// The labels of the object's namespace, as a map
    pub namespace_labels: Option<&'r Document<'r>>,
    /// The subresource, empty for none
    pub subresource: &'r str,
}

impl<'r> Request<'r> {
    /// The creation of an object by nobody in particular, as the CLI and background scans see it.
    pub fn create(object: &'r Document<'r>) -> Self {
        Self { object, operation: Operation::Create, user: None, namespace_labels: None, subresource: "" }
    }
}
