//! The one intermediate form of all policy kinds: what a rule matches, what it checks, and expressions.

pub mod generate;
pub mod images;
pub mod mutate;
mod print;

pub use print::print;

use kyvc_grammar::anchor::Anchor;
use kyvc_vm::condition::Operator;
use kyvc_vm::document::Place;
use kyvc_vm::pod_security::{self, Exclusion};
use kyvc_vm::program::{Comparison, KeyPlan};
use kyvc_vm::scalar::{Glob, ScalarPattern};
use kyvc_vm::selector::{KindSelector, LabelSelector};
use kyvc_vm::verdict::{Fact, Root};

/// A rule ready for code generation.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `policy/rule`, for listings
    pub label: String,
    /// The rule's name
    pub name: String,
    /// What it is about
    pub matches: Matches,
    /// Context entries, those of loops included; expressions name them by their number
    pub entries: Vec<ContextEntry>,
    /// How many of them are there from the start
    pub context: usize,
    /// What has to hold for it to apply
    pub preconditions: Option<Conditions>,
    /// What it does not apply to all the same
    pub exceptions: Vec<Exception>,
    /// What it checks
    pub body: Body,
    /// What is said when it fails
    pub message: Option<Expr>,
    /// A map of what reports have besides
    pub properties: Option<Expr>,
    /// Where it stands
    pub place: Place,
}

/// What a rule is about.
#[derive(Clone, Debug)]
pub struct Matches {
    /// For a namespaced policy, the namespace
    pub namespace: Option<String>,
    /// Kinds it stands for, or does not
    pub guard: Option<(bool, Vec<Glob>)>,
    /// What must match
    pub include: Filters,
    /// What must not
    pub exclude: Option<Filters>,
}

/// Filters and how they combine.
#[derive(Clone, Debug)]
pub enum Filters {
    /// One of them has to match
    Any(Vec<Filter>),
    /// All of them have to match
    All(Vec<Filter>),
}

impl Filters {
    /// The filters.
    pub fn list(&self) -> &[Filter] {
        match self {
            Filters::Any(f) | Filters::All(f) => f,
        }
    }
}

/// Tests that all have to hold.
#[derive(Clone, Debug)]
pub struct Filter {
    /// About the resource
    pub resource: Vec<Test>,
    /// About the user
    pub user: Vec<Test>,
    /// Whether it says nothing at all
    pub empty: bool,
    /// Where it stands
    pub place: Place,
}

/// A test on the request.
#[derive(Clone, Debug)]
pub enum Test {
    /// The kind is one of these
    Kind(Vec<KindSelector>),
    /// A fact matches one of these
    Any(Fact, Vec<Glob>),
    /// Labels satisfy a selector
    Selector(Fact, LabelSelector),
    /// Each pair matches an entry of a string map
    Pairs(Fact, Vec<(Glob, Glob)>),
    /// Labels of the object's namespace satisfy a selector; those of a Namespace always do, or never
    NamespaceLabels(LabelSelector, bool),
    /// The user or one of the groups matches
    Subjects {
        /// User names
        users: Vec<Glob>,
        /// Group names
        groups: Vec<Glob>,
    },
}

/// What a rule does not apply to.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its name, after its namespace where it is in one
    pub key: String,
    /// What it is about
    pub matches: Filters,
    /// What has to hold besides
    pub conditions: Option<Conditions>,
    /// Parts of the Pod Security Standards that it lifts; all of the rule where there are none
    pub pod_security: Vec<Exclusion>,
    /// Where it stands
    pub place: Place,
}

/// A name that is bound to a value when an expression first needs it.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// The name
    pub name: String,
    /// Its value
    pub value: Expr,
    /// What the host has to offer for the entry to be there at all
    pub needs: Option<kyvc_vm::verdict::Ask>,
    /// Whether the value takes the place of what the name was bound to; otherwise maps are merged
    pub replaces: bool,
    /// Whether it has the same value whenever it is loaded
    pub steady: bool,
    /// Where it stands
    pub place: Place,
}

/// What a rule checks.
#[derive(Clone, Debug)]
pub enum Body {
    /// The object against a pattern
    Pattern(WholePattern),
    /// The object against patterns, one of which has to hold
    AnyPattern(Vec<WholePattern>),
    /// Conditions that must not hold
    Deny(Conditions),
    /// The elements of lists
    ForEach(Vec<Loop>),
    /// The Pod Security Standards
    PodSecurity(Box<pod_security::Rule>),
    /// Nothing; objects are changed
    Mutate(Box<mutate::Mutation>),
    /// Nothing; other objects are made
    Generate(Box<generate::Generation>),
    /// The signatures of the object, as this JSON says
    Manifests(String),
    /// The images of the object
    VerifyImages(Box<images::Verification>),
    /// Nothing; an object for which these conditions hold is to go
    Cleanup(Option<Conditions>),
    /// Nothing: the rule's own text cannot be made, in these words
    Broken(String),
}

/// A pattern as a whole.
#[derive(Clone, Debug)]
pub struct WholePattern {
    /// The pattern; none where a key of it is only known at run time
    pub pattern: Option<Pattern>,
    /// Its value, where the pattern may turn out to be another than was written
    pub value: Option<Expr>,
    /// What is substituted and not looked at; a variable that cannot be resolved ends the rule there too
    pub also: Vec<Expr>,
    /// Where it stands
    pub place: Place,
}

/// A check for each element of a list.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The list
    pub list: Expr,
    /// How many loops there are around it
    pub depth: usize,
    /// Whether an element is what patterns are about; where it is not said, maps are
    pub scoped: Option<bool>,
    /// The context entries that come with an element, by number
    pub context: std::ops::Range<usize>,
    /// The context entries around it that have to be loaded again for an element
    pub again: Vec<usize>,
    /// What has to hold for an element
    pub preconditions: Option<Conditions>,
    /// What is checked
    pub body: Box<Body>,
    /// Where it stands
    pub place: Place,
}

/// Conditions: all of `all`, and one of `any` where there is such a list.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// One of these
    pub any: Option<Vec<Condition>>,
    /// All of these
    pub all: Vec<Condition>,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What is looked at
    pub key: Expr,
    /// How
    pub operator: Option<Operator>,
    /// What it is compared with
    pub value: Expr,
    /// What is said about it, empty for nothing
    pub message: String,
    /// Where it stands
    pub place: Place,
}

/// A pattern tree.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it asks
    pub ask: Ask,
    /// Where it stands
    pub place: Place,
}

/// What a pattern asks of a value.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A map
    Map(MapAsk),
    /// A list; its elements as the first pattern says
    Each(Box<Pattern>),
    /// A list whose elements, or a scalar that, satisfies the scalar pattern
    EachScalar(Box<Pattern>),
    /// A list that has these elements at its start
    Positions(Vec<Pattern>),
    /// A list, and nothing is ever good enough
    EmptyList,
    /// A scalar
    Scalar(Box<ScalarPattern>, String),
    /// A scalar whose pattern an expression gives
    Made(Expr),
}

/// What a pattern asks of a map.
#[derive(Clone, Debug)]
pub struct MapAsk {
    /// Entries under conditional, existence, equality and negation anchors, in the order in which they are looked at
    pub anchored: Vec<Entry>,
    /// The keys of `anchored`, where wildcards decide their order
    pub anchored_keys: Option<Vec<KeyPlan>>,
    /// The other entries, in their order
    pub plain: Vec<Entry>,
    /// The keys of `plain`, where wildcards decide their order
    pub plain_keys: Option<Vec<KeyPlan>>,
}

/// A key of a map pattern and what is asked of its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The anchor around the key
    pub anchor: Option<Anchor>,
    /// The key as written, anchor included
    pub raw: String,
    /// The key
    pub key: String,
    /// Whether the value only has to exist
    pub exists: bool,
    /// Whether the entry gets lost where an expression gives no text for its value
    pub text_only: bool,
    /// What is asked of the value
    pub value: Pattern,
    /// For an existence anchor, the patterns of its list, or why it has none
    pub existence: Option<Existence>,
    /// Where the key stands
    pub place: Place,
}

/// The pattern under an existence anchor.
#[derive(Clone, Debug)]
pub enum Existence {
    /// Each has to hold for one element
    Lists(Vec<ExistenceItem>),
    /// The pattern is no list but a value of this Go type
    NotList(&'static str),
}

/// One item of the list under an existence anchor.
#[derive(Clone, Debug)]
pub enum ExistenceItem {
    /// A map pattern
    Map(Pattern),
    /// Anything else
    NotMap,
}

/// An expression. JMESPath and, later, CEL are lowered to it; where their meanings differ, the nodes do.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `null`
    Null,
    /// A boolean
    Bool(bool),
    /// An int64
    Int(i64),
    /// A float64
    Float(f64),
    /// A text
    Str(String),
    /// A root of the context
    Root(Root),
    /// The value that the nearest `Let` or loop around binds
    Current,
    /// The member of a map; a fault where the map lacks it
    Key(Box<Expr>, String),
    /// The element of a list; counted from the end where the position is negative
    Index(Box<Expr>, i32),
    /// A slice of a list
    Slice(Box<Expr>, [Option<i64>; 3]),
    /// A list whose elements that are lists are taken apart
    Flatten(Box<Expr>),
    /// The values of a map, as Kyverno's JMESPath walks them
    Values(Box<Expr>),
    /// An expression in which another one's value is the current one
    Let(Box<Expr>, Box<Expr>),
    /// An expression for each element of a list; `null` where there is no list
    Each(Box<Each>),
    /// A comparison
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// The second where the first counts as true, otherwise the first
    And(Box<Expr>, Box<Expr>),
    /// The first where it counts as true, otherwise the second
    Or(Box<Expr>, Box<Expr>),
    /// Whether a value counts as false
    Not(Box<Expr>),
    /// A list
    List(Vec<Expr>),
    /// A map
    Map(Vec<(String, Expr)>),
    /// A map whose keys are values too, and texts
    MapOf(Vec<(Expr, Expr)>),
    /// `null` where the current value is `null`, otherwise the expression
    UnlessNull(Box<Expr>),
    /// The first where the request deletes its object, otherwise the second
    WhenDeleted(Box<Expr>, Box<Expr>),
    /// `null` where the value is an unknown key
    Forgive(Box<Expr>),
    /// `null` where there is no value for whatever reason
    ForgiveAll(Box<Expr>),
    /// A function
    Call(String, Vec<Expr>),
    /// A function that evaluates one of its arguments, a reference, for each element of another one, a list
    CallBy(Box<CallBy>),
    /// An expression as a value
    Reference(Box<Reference>),
    /// A failure, in these words
    Fail(String),
    /// Texts and values joined
    Join(Vec<Expr>),
    /// A text with its escapes taken out, and before that with the variables in it evaluated, unless it is final
    Settle {
        /// The text
        text: Box<Expr>,
        /// Whether no more variables are looked for
        last: bool,
        /// Whether there are variables inside of variables
        nested: bool,
        /// Where it stands, as a JSON path
        path: String,
    },
    /// A text in which no variables are looked for
    Escape(Box<Expr>),
    /// A value with the variables in its texts evaluated, where it is a list or map, and where it stands
    Scan(Box<Expr>, String),
    /// What a name of the context is bound to
    Name(String),
    /// An expression that is evaluated once these context entries are loaded
    Need(Vec<usize>, Box<Expr>),
    /// A value whose faults are told after these words
    Blame(String, Box<Expr>),
    /// A query of the context: its faults are told as such, unless a context entry brought them
    Queried(Box<Expr>),
    /// The value that has to be a text; a fault in these words otherwise
    Text(Box<Expr>, String),
    /// A value that must not be `null`; a fault in these words otherwise
    NotNull(Box<Expr>, String),
    /// A value with float64 for int64
    Floats(Box<Expr>),
    /// A value that counts towards the size of the context; where that gets too large, a fault after these words
    Sized(Box<Expr>, String),
    /// The answer of the host
    Ask(kyvc_vm::verdict::Ask, Box<Expr>),
    /// The value of an expression whose text is only known at run time: of the context, or of a value
    Query(Box<Expr>, Option<Box<Expr>>),
    /// A value with another one to fall back on
    Fallback(Box<Fallback>),
    /// A variable: the expression as written, for messages, the path at which it stands, and its value
    Variable {
        /// As written, without the braces
        text: String,
        /// Where in its rule's value it stands, as a JSON path
        path: String,
        /// What it means
        value: Box<Expr>,
    },
}

/// A call of a function that takes a reference.
#[derive(Clone, Debug, PartialEq)]
pub struct CallBy {
    /// The function
    pub name: String,
    /// Its arguments; the reference among them stands for itself
    pub args: Vec<Expr>,
    /// Which of them is the list
    pub list: usize,
    /// What the reference says, of an element as the current value; nothing where it is only known at run time which
    /// reference it is
    pub body: Option<Expr>,
}

/// An expression as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// As Go shows it
    pub shown: String,
    /// Its tree: two with the same are equal
    pub tree: String,
    /// What it says of the current value; nothing where it is evaluated only where it stands
    pub body: Option<Expr>,
}

/// A value with another one to fall back on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallback {
    /// What is fallen back on, unless it is `null`; evaluated first
    pub otherwise: Expr,
    /// Evaluated next: the current value of what follows. There is no falling back on its faults.
    pub with: Option<Expr>,
    /// The value
    pub first: First,
    /// Whether to fall back on `null` too
    pub nulls: bool,
    /// What becomes of the value where there is no falling back
    pub then: Option<Expr>,
}

/// A value that may be fallen back on.
#[derive(Clone, Debug, PartialEq)]
pub enum First {
    /// Of an expression
    Value(Expr),
    /// Of an expression whose text is made at run time, before all else; its faults are told after these words
    Query {
        /// The text
        text: Expr,
        /// The words
        blame: String,
    },
}

impl Expr {
    /// Visits an expression and all that are in it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        visit(self);
        let mut all = |list: &[Expr]| list.iter().for_each(|e| e.walk(visit));
        match self {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Root(_)
            | Expr::Current
            | Expr::Fail(_)
            | Expr::Name(_) => {}
            Expr::Key(e, _)
            | Expr::Index(e, _)
            | Expr::Slice(e, _)
            | Expr::Flatten(e)
            | Expr::Values(e)
            | Expr::Not(e)
            | Expr::UnlessNull(e)
            | Expr::Forgive(e)
            | Expr::ForgiveAll(e)
            | Expr::Settle { text: e, .. }
            | Expr::Escape(e)
            | Expr::Scan(e, _)
            | Expr::Need(_, e)
            | Expr::Blame(_, e)
            | Expr::Text(e, _)
            | Expr::NotNull(e, _)
            | Expr::Floats(e)
            | Expr::Sized(e, _)
            | Expr::Queried(e)
            | Expr::Ask(_, e)
            | Expr::Query(e, None)
            | Expr::Variable { value: e, .. } => e.walk(visit),
            Expr::Let(a, b)
            | Expr::Compare(_, a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::WhenDeleted(a, b)
            | Expr::Query(a, Some(b)) => {
                a.walk(visit);
                b.walk(visit);
            }
            Expr::Each(each) => {
                each.list.walk(visit);
                each.condition.iter().for_each(|e| e.walk(visit));
                each.body.walk(visit);
            }
            Expr::List(items) | Expr::Call(_, items) | Expr::Join(items) => all(items),
            Expr::CallBy(by) => {
                all(&by.args);
                by.body.iter().for_each(|e| e.walk(visit));
            }
            Expr::Reference(reference) => reference.body.iter().for_each(|e| e.walk(visit)),
            Expr::Map(members) => members.iter().for_each(|(_, v)| v.walk(visit)),
            Expr::MapOf(members) => members.iter().for_each(|(k, v)| {
                k.walk(visit);
                v.walk(visit);
            }),
            Expr::Fallback(f) => {
                f.otherwise.walk(visit);
                f.with.iter().chain(&f.then).for_each(|e| e.walk(visit));
                match &f.first {
                    First::Value(e) | First::Query { text: e, .. } => e.walk(visit),
                }
            }
        }
    }
}

/// A loop over a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The list
    pub list: Expr,
    /// Elements for which this counts as false are passed over
    pub condition: Option<Expr>,
    /// What is collected for an element
    pub body: Expr,
}
