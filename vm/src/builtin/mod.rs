//! The one table of functions that expressions can call.
//!
//! A row has everything that is known of a function: signature, documentation, examples that run as tests, and the
//! code. Rows stand in one file a family; `kyvc jp function` and the documentation print them.

mod arithmetic;
pub mod call;
mod encoding;
pub mod images;
pub(crate) mod prepared;
mod random;
pub mod regex;
mod semver;
mod standard;
mod strings;
mod structure;
pub mod time;
pub mod x509;

use crate::value::Val;
pub use call::{Call, Environment, Failure};
pub use encoding::{decode as decode_base64, encode as encode_base64};
pub use images::reference::normalize as normalize_image;
pub use images::url::quote as go_quote;
pub use images::url::target as go_url;
pub use standard::unsupported as unsupported_number;
use std::sync::LazyLock;

/// The type of an argument, as JMESPath names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `number`
    Number,
    /// `string`
    Str,
    /// `array`
    Array,
    /// `object`
    Object,
    /// `array[number]`
    ArrayNumber,
    /// `array[string]`
    ArrayStr,
    /// `expref`
    Expref,
    /// `any`
    Any,
    /// `bool`; only for results
    Bool,
}

impl Type {
    /// The type as Kyverno's messages and listings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Number => "number",
            Type::Str => "string",
            Type::Array => "array",
            Type::Object => "object",
            Type::ArrayNumber => "array[number]",
            Type::ArrayStr => "array[string]",
            Type::Expref => "expref",
            Type::Any => "any",
            Type::Bool => "bool",
        }
    }
}

/// The code of a function. Arguments have passed the signature.
pub type Code = fn(&mut Call<'_, '_>, &[Val]) -> Result<Val, Failure>;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Name
    pub name: &'static str,
    /// For each argument, the types it may have
    pub args: &'static [&'static [Type]],
    /// Whether the last argument may be repeated
    pub variadic: bool,
    /// Types of the result
    pub returns: &'static [Type],
    /// What it does, in one sentence
    pub doc: &'static str,
    /// Expressions, evaluated on `{}`, and the JSON of their results
    pub examples: &'static [(&'static str, &'static str)],
    /// Whether the result depends on nothing but the arguments, not even on what the environment can do
    pub pure: bool,
    /// The code
    pub code: Code,
}

impl Builtin {
    /// Whether it is one of the language itself; Kyverno adds the others.
    pub fn is_standard(&self) -> bool {
        standard::FUNCTIONS.iter().any(|f| f.name == self.name)
    }

    /// Name, types of the arguments and of the result, as Kyverno prints them.
    pub fn signature(&self) -> String {
        let types = |types: &[Type]| types.iter().map(|t| t.name()).collect::<Vec<_>>();
        let args: Vec<String> = self.args.iter().map(|arg| types(arg).join("|")).collect();
        format!("{}({}) {}", self.name, args.join(", "), types(self.returns).join(","))
    }
}

/// A path as Go's `filepath.Clean` has it.
pub fn clean_path(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { strings::path::clean(path) }
}

/// The families, each in its file.
const FAMILIES: &[&[Builtin]] = &[
    standard::FUNCTIONS,
    structure::FUNCTIONS,
    arithmetic::FUNCTIONS,
    semver::FUNCTIONS,
    time::FUNCTIONS,
    encoding::FUNCTIONS,
    images::FUNCTIONS,
    random::FUNCTIONS,
    strings::FUNCTIONS,
    x509::FUNCTIONS,
    regex::FUNCTIONS,
];

static TABLE: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
    let mut all: Vec<Builtin> = FAMILIES.iter().flat_map(|f| f.iter().copied()).collect();
    all.sort_by_key(|b| b.name);
    all
});

/// All functions, by name.
pub fn table() -> &'static [Builtin] {
    &TABLE
}

/// The number of a function, which programs call it by.
pub fn lookup(name: &str) -> Option<u32> {
    TABLE.binary_search_by_key(&name, |b| b.name).ok().and_then(|i| u32::try_from(i).ok())
}
