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
    /// `images`: the images of the object
    Images,
    /// `target`: the object that is changed or cleaned up
    Target,
    /// All else that the host knows by name
    Given,
    /// All of the context at this moment, as one map
    Context,
}

impl Root {
    /// All roots, in the order of their encoding.
    pub const ALL: [Root; 9] = [
        Root::Object,
        Root::OldObject,
        Root::Request,
        Root::Account,
        Root::Input,
        Root::Images,
        Root::Target,
        Root::Given,
        Root::Context,
    ];

    /// The root's name in assembly.
    pub fn name(self) -> &'static str {
        match self {
            Root::Object => "object",
            Root::OldObject => "oldObject",
            Root::Request => "request",
            Root::Account => "account",
            Root::Input => "input",
            Root::Images => "images",
            Root::Target => "target",
            Root::Given => "given",
            Root::Context => "context",
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

/// What only the host can look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Ask {
    /// A ConfigMap, by `namespace` and `name`
    ConfigMap,
    /// A call to the API server or to a service
    ApiCall,
    /// An image's manifest and configuration, by `reference`
    ImageData,
    /// An entry of the global context, by `name` and `projection`
    GlobalContext,
}

impl Ask {
    /// All, in the order of their encoding.
    pub const ALL: [Ask; 4] = [Ask::ConfigMap, Ask::ApiCall, Ask::ImageData, Ask::GlobalContext];

    /// The name in assembly.
    pub fn name(self) -> &'static str {
        match self {
            Ask::ConfigMap => "configmap",
            Ask::ApiCall => "api-call",
            Ask::ImageData => "image-data",
            Ask::GlobalContext => "global-context",
        }
    }
}

/// What a host has to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers(u8);

impl Offers {
    /// These and one more.
    #[must_use]
    pub fn with(self, ask: Ask) -> Self {
        Self(self.0 | 1 << ask as u8)
    }

    /// Whether this is offered.
    pub fn has(self, ask: Ask) -> bool {
        self.0 & (1 << ask as u8) != 0
    }
}

/// What a run waits for. The host answers and resumes; it may take as long as it likes in between.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// A root that was not given with the request
    Root(Root),
    /// The value of a text with variables in it that was only known at run time
    Text {
        /// The text
        text: Val,
        /// Where it stands, as a JSON path
        path: Val,
    },
    /// The scalar pattern of a text that was only known at run time
    Pattern(Val),
    /// A list or map, with the variables in its texts evaluated
    Tree {
        /// The list or map
        value: Val,
        /// Where it stands, as a JSON path
        path: Val,
    },
    /// The value of an expression whose text was only known at run time
    Query {
        /// The expression
        text: Val,
        /// What it is about, where that is not the context
        value: Option<Val>,
    },
    /// How a value fares against a pattern that was only known at run time
    Match {
        /// The pattern
        pattern: Val,
        /// The value
        value: Val,
    },
    /// The answer to a question
    Ask(Ask, Val),
    /// A change of the object
    Patch(Patch),
    /// Nothing: a value, or a fault, is for the host
    Tell(Val),
}

/// A step in the change of an object. The host keeps its versions.
#[derive(Clone, Copy, Debug)]
pub enum Patch {
    /// The version of now is to be kept
    Begin,
    /// A patch: whether there was anything to change is expected
    Apply {
        /// The patch
        patch: Val,
        /// Whether it is a text with a list of operations; otherwise it is merged
        operations: bool,
        /// Whether it is a constant text
        constant: bool,
    },
    /// Whether there is another version than the last that was kept is expected. If so, it becomes the root
    /// [`Root::Object`].
    End,
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
    /// The time of the request is over
    #[error("the time for the request is over")]
    Time,
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
