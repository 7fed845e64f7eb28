//! Every diagnostic code, in one table.
//!
//! `K01xx` texts and input, `K02xx` lexing and parsing of expressions and patterns, `K03xx` meaning of policies, `K04xx`
//! limits, code generation and `.kyvb` files, `K05xx` the run, `K09xx` warnings. A number is never used again.

use std::fmt;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something to know; nothing stops.
    Warning,
    /// What was asked for cannot be done.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $severity:ident, $explain:literal;)*) => {
        /// What a diagnostic is about. [`Display`](fmt::Display) gives its stable number, as in `K0301`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $explain] $name = $number,)*
        }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// One line that says what the code means.
            pub fn explain(self) -> &'static str {
                match self { $(Code::$name => $explain,)* }
            }

            /// The code's name in this table.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)* }
            }

            /// How bad it is where nothing else is said.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    // Texts and input.
    YamlSyntax = 101, Error, "The text is not valid YAML.";
    JsonSyntax = 102, Error, "The text is not valid JSON.";
    DuplicateKey = 103, Error, "A map sets the same key twice.";
    NullKey = 104, Error, "A map has `null` as a key, which JSON cannot express.";
    ComplexKey = 105, Error, "A map has a list, a map or too large a number as a key, which JSON cannot express.";
    BadScalar = 106, Error, "A value does not fit its tag, such as `!!int x`.";
    NotFinite = 107, Error, "`.inf` and `.nan` are no JSON numbers.";
    BadMerge = 108, Error, "`<<` merges something that is not a map or a list of maps.";
    SelfReference = 109, Error, "An alias stands inside the value that it repeats.";
    ExcessiveAliasing = 110, Error, "Aliases make the document many times larger than its text.";
    TooDeep = 111, Error, "Lists and maps are nested deeper than the limit.";
    TooLarge = 112, Error, "A document has more values or text than the limit.";
    BadSeparator = 113, Error, "A line starts with `---` and goes on with something else than a comment.";
    ControlCharacter = 114, Error, "The text has a control character that YAML does not allow.";
    FileNotFound = 120, Error, "A file or folder does not exist.";
    FileUnreadable = 121, Error, "A file or folder cannot be read.";
    NotUtf8 = 122, Error, "A file is not UTF-8 text.";
    BinaryFile = 123, Error, "A file is binary, not text.";
    BadGlob = 124, Error, "A file pattern is not valid.";
    BadSetting = 125, Error, "An option or environment variable has a value that means nothing.";
    EmptyFile = 126, Error, "A file has no text.";

    // Lexing and parsing of expressions and patterns.
    BadAnchor = 201, Error, "An anchor such as `(key)` or `X(key)` stands where it means nothing.";
    BadPattern = 202, Error, "A pattern is not valid.";
    BadVariable = 203, Error, "A variable `{{ .. }}` or reference `$(..)` is not valid.";
    BadExpression = 204, Error, "A JMESPath or CEL expression is not valid.";

    // Meaning of policies.
    UnknownField = 301, Error, "A field does not exist at this place.";
    MissingField = 302, Error, "A field that has to be there is missing.";
    WrongType = 303, Error, "A field has a value of the wrong type or form.";
    NotCompiled = 304, Error, "kyvc does not compile this field yet.";
    UnknownPolicyKind = 305, Error, "An object's apiVersion and kind name no policy.";
    NoRules = 306, Error, "A policy has no rule.";
    DuplicateRule = 307, Error, "Two rules of a policy have the same name.";
    BadKindSelector = 308, Error, "A kind in a match or exclude block is not written `group/version/Kind/subresource`.";
    BadSelector = 309, Error, "A label selector is not valid.";
    BadMatch = 310, Error, "A match or exclude block is not valid.";
    UnknownVariable = 312, Error, "A variable names nothing that a rule can see.";
    BadExclusion = 313, Error, "An exclusion from a pod security control is not used as the control allows.";
    BadSchedule = 314, Error, "A schedule is not written as cron's five fields.";

    // Limits, code generation, compiled files.
    ProgramTooLarge = 401, Error, "A policy needs more of something than the bytecode can number.";
    KyvbMagic = 402, Error, "A file is not a compiled policy set.";
    KyvbVersion = 403, Error, "A compiled policy set was made by another version of kyvc.";
    KyvbChecksum = 404, Error, "A compiled policy set was damaged.";
    KyvbTruncated = 405, Error, "A compiled policy set ends too early.";
    KyvbInvalid = 406, Error, "A compiled policy set did not pass the verifier.";
    IndexOverflow = 412, Error, "An index does not fit its operand.";

    // The run.
    RunFailed = 501, Error, "A run stopped: a limit was reached, or kyvc has a bug.";

    // Warnings.
    DeprecatedField = 901, Warning, "A field still works, but another one took its place.";
    NothingMatched = 902, Warning, "No object matched any rule.";
    NoFiles = 904, Warning, "A folder or pattern has no YAML or JSON file.";
    UselessExclusion = 905, Warning, "An exclusion from a pod security control can never exclude anything.";
    UselessException = 906, Warning, "A policy exception can never except anything.";
    FailingList = 907, Warning, "The list of a loop is no valid expression, and fails where it is evaluated.";
    ClusterUnread = 908, Warning, "Something in a cluster cannot be read, and is not looked at.";
}

impl Code {
    /// The number, as in 301.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The code of a text such as `K0301`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.to_string() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "K{:04}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_in_order() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{} {}", pair[0].name(), pair[1].name());
        }
    }

    #[test]
    fn numbers_fit_their_range() {
        for code in Code::ALL {
            let warning = code.number() >= 900;
            assert_eq!(warning, code.severity() == Severity::Warning, "{code}");
            assert!(code.explain().ends_with('.'), "{code}");
            assert_eq!(Code::parse(&code.to_string()), Some(*code));
        }
    }
}
