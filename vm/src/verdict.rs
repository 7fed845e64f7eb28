//! What a run gives back.

use crate::ids::{FaultId, Pc};
use crate::value::Val;
use thiserror::Error;

/// How a unit ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// The rule holds, by the alternative of this number
    Pass(u32),
    /// The rule does not apply
    Skip(FaultId),
    /// The rule is violated
    Fail(FaultId),
    /// The rule could not be decided
    Error(FaultId),
    /// Nothing is to be reported: the rule does not match
    None,
    /// An expression's value
    Value(Val),
}

/// A root of the context that expressions are evaluated in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Root {
    /// `request.object`
    Object,
    /// `request.oldObject`
    OldObject,
    /// `request`, without the two objects
    Request,
    /// `serviceAccountName` and `serviceAccountNamespace`
    Account,
    /// The one value that an expression without a policy is about
    Input,
}

impl Root {
    /// All roots, in the order of their encoding.
    pub const ALL: [Root; 5] = [Root::Object, Root::OldObject, Root::Request, Root::Account, Root::Input];

    /// The root's name in assembly.
    pub fn name(self) -> &'static str {
        match self {
            Root::Object => "object",
            Root::OldObject => "oldObject",
            Root::Request => "request",
            Root::Account => "account",
            Root::Input => "input",
        }
    }
}

/// A fact about the request that matching asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Fact {
    /// `metadata.name`, or `metadata.generateName` where that is empty
    Name,
    /// `metadata.namespace`; a Namespace's own name
    Namespace,
    /// `metadata.namespace` as it stands
    OwnNamespace,
    /// `kind` as it stands
    Kind,
    /// `metadata.labels`
    Labels,
    /// `metadata.annotations`
    Annotations,
    /// Labels of the namespace
    NamespaceLabels,
    /// The admission operation
    Operation,
    /// Whether anything is known of the user
    UserKnown,
    /// The user's name
    Username,
    /// The user's groups
    Groups,
    /// The user's roles, `namespace:name`
    Roles,
    /// The user's cluster roles
    ClusterRoles,
}

impl Fact {
    /// All facts, in the order of their encoding.
    pub const ALL: [Fact; 13] = [
        Fact::Name,
        Fact::Namespace,
        Fact::OwnNamespace,
        Fact::Kind,
        Fact::Labels,
        Fact::Annotations,
        Fact::NamespaceLabels,
        Fact::Operation,
        Fact::UserKnown,
        Fact::Username,
        Fact::Groups,
        Fact::Roles,
        Fact::ClusterRoles,
    ];

    /// The fact's name in assembly.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Name => "name",
            Fact::Namespace => "namespace",
            Fact::OwnNamespace => "own-namespace",
            Fact::Kind => "kind",
            Fact::Labels => "labels",
            Fact::Annotations => "annotations",
            Fact::NamespaceLabels => "namespace-labels",
            Fact::Operation => "operation",
            Fact::UserKnown => "user-known",
            Fact::Username => "username",
            Fact::Groups => "groups",
            Fact::Roles => "roles",
            Fact::ClusterRoles => "cluster-roles",
        }
    }
}

/// What a run waits for. The host answers and resumes; it may take as long as it likes in between.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// A root that was not given with the request
    Root(Root),
    /// The value of a text with variables in it that was only known at run time
    Text(Val),
    /// The scalar pattern of a text that was only known at run time
    Pattern(Val),
}

/// How far a run came.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// To its end
    Done(Outcome),
    /// To a value that the host has to give
    Need(Need),
}

/// Why a run was ended by the machine: a limit, or a bug of ours. Never a policy's own failure.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{kind} at instruction {}", pc.index())]
pub struct Trap {
    /// What happened
    pub kind: TrapKind,
    /// At which instruction
    pub pc: Pc,
}

/// The kinds of traps.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TrapKind {
    /// More instructions than the budget
    #[error("out of fuel")]
    Fuel,
    /// More memory than the budget
    #[error("out of memory")]
    Memory,
    /// No such unit, or resumed where nothing waits
    #[error("no unit to run")]
    Unit,
    /// Code ran past its end: the verifier should have refused the program
    #[error("invalid code")]
    Code,
}
