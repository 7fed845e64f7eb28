//! Random JMESPath expressions, made along the grammar and the table of functions.

use super::choices::Choices;
use super::values;
use kyvc_vm::builtin::{self, Builtin, Type};

/// How deep expressions nest.
const DEPTH: usize = 5;

/// Functions whose results nobody can foresee, or that ask the network.
const UNSTABLE: &[&str] = &["time_now", "time_now_utc"];

/// What expressions are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary<'v> {
    /// Keys, quoted where they have to be
    pub(crate) names: &'v [&'v str],
    /// Paths of several keys
    pub(crate) paths: &'v [&'v str],
    /// Whether there may be what is no value, and what is no expression
    pub(crate) wild: bool,
}

/// The vocabulary of the documents.
const DOCUMENTS: Vocabulary<'_> = Vocabulary { names: values::NAMES, paths: values::FIELDS, wild: true };

/// An expression.
pub(crate) fn expression(bytes: &[u8]) -> String {
    expression_about(bytes, DOCUMENTS, DEPTH)
}

/// An expression about something, nested so deep.
pub(crate) fn expression_about(bytes: &[u8], vocabulary: Vocabulary<'_>, depth: usize) -> String {
    let mut writer = Writer { choices: Choices::new(bytes), vocabulary, out: String::new() };
    match writer.choices.below(3) {
        0 => writer.expr(depth),
        _ => writer.call(depth),
    }
    if vocabulary.wild && writer.choices.rarely(12) {
        writer.damage();
    }
    writer.out
}

/// A chain of pipes of which most make more of what they get.
pub(crate) fn growth(bytes: &[u8]) -> String {
    let mut choices = Choices::new(bytes);
    let stages: Vec<&str> = (0..2 + choices.below(60)).map(|_| choices.pick(values::STAGES)).collect();
    stages.join(" | ")
}

/// A document for expressions to be run on, as JSON.
pub(crate) fn document(choice: usize) -> &'static str {
    values::DOCUMENTS[choice % values::DOCUMENTS.len()]
}

struct Writer<'a> {
    choices: Choices<'a>,
    vocabulary: Vocabulary<'a>,
    out: String,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn expr(&mut self, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return self.leaf() };
        match self.choices.below(26) {
            0..4 => self.leaf(),
            4 | 5 => {
                self.expr(depth);
                self.put(".");
                self.name();
            }
            6 => self.infix(depth, &[" | ", " || ", " && "]),
            7 => self.infix(depth, &[" == ", " != ", " < ", " <= ", " > ", " >= "]),
            8 => {
                self.put("!");
                self.expr(depth);
            }
            9 => {
                self.put("(");
                self.expr(depth);
                self.put(")");
            }
            10 => {
                self.expr(depth);
                let at = self.choices.pick(&["[0]", "[1]", "[-1]", "[-3]", "[9]", "[-9]"]);
                self.put(at);
            }
            11 => {
                self.expr(depth);
                self.slice();
            }
            12 | 13 => {
                self.expr(depth);
                let what = self.choices.pick(&["[*]", "[]", ".*", "[*].", "[].", ".*."]);
                self.put(what);
                if what.ends_with('.') {
                    self.name();
                }
            }
            14 => {
                self.expr(depth);
                self.put("[?");
                self.expr(depth);
                self.put("]");
                if self.choices.below(2) == 1 {
                    self.put(".");
                    self.name();
                }
            }
            15 => {
                if self.choices.below(2) == 1 {
                    self.expr(depth);
                    self.put(".");
                }
                self.list(depth);
            }
            16 => {
                if self.choices.below(2) == 1 {
                    self.expr(depth);
                    self.put(".");
                }
                self.hash(depth);
            }
            17 => {
                if self.vocabulary.wild {
                    self.put("&");
                }
                self.expr(depth);
            }
            18 => {
                let what = self.choices.pick(&["*", "[*]", "[]", "[0]", "[::-1]", "*.*"]);
                self.put(what);
            }
            19..22 => {
                self.expr(depth);
                self.put(" | ");
                self.call(depth);
            }
            _ => self.call(depth),
        }
    }

    fn leaf(&mut self) {
        match self.choices.below(10) {
            0 => self.put("@"),
            1..6 => self.name(),
            6 => {
                let number = self.choices.pick(values::NUMBERS);
                self.json(number);
            }
            7 => {
                let text = self.choices.pick(values::STRINGS);
                self.text(text);
            }
            8 => self.literal(),
            _ => {
                let path = self.choices.pick(self.vocabulary.paths);
                self.put(path);
            }
        }
    }

    fn name(&mut self) {
        let name = self.choices.pick(self.vocabulary.names);
        self.put(name);
    }

    fn literal(&mut self) {
        let json = self.choices.pick(&[
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "[1,2,3]",
            "[\"b\",\"a\"]",
            "[1,\"a\",null]",
            "{\"a\":1,\"b\":[2]}",
            "[[1],[2,[3]]]",
            "[{\"n\":2},{\"n\":1}]",
            "[{\"n\":\"b\"},{\"n\":\"a\"},{}]",
            "{\"app\":\"web\"}",
            "\"x\"",
            "[0.5,1e21,-0.0]",
            "[\"1Gi\",\"512Mi\"]",
            "[\"1h\",\"30m\"]",
            "[{\"n\":1},{\"n\":\"a\"}]",
            "[{\"x\":1},{\"n\":1}]",
            "\"<&>\"",
            "[true,false]",
            "[null]",
            "[\"a\",\"a\"]",
            "[3,1,2,1]",
            "[\"1\",1]",
        ]);
        self.json(json);
    }

    fn json(&mut self, json: &str) {
        self.put("`");
        self.out.push_str(&json.replace('`', "\\`"));
        self.put("`");
    }

    /// A string, in one of the two ways to write one.
    fn text(&mut self, text: &str) {
        if text.contains(['\\', '\'']) || self.choices.below(4) == 3 {
            let json = serde_json::to_string(text).unwrap_or_default();
            self.json(&json);
        } else {
            self.put("'");
            self.put(text);
            self.put("'");
        }
    }

    fn infix(&mut self, depth: usize, operators: &[&str]) {
        self.expr(depth);
        let operator = self.choices.pick(operators);
        self.put(operator);
        self.expr(depth);
    }

    fn slice(&mut self) {
        let parts = ["", "0", "1", "-1", "2", "-2", "5", "-5", "99", "-99", "9223372036854775807"];
        let (start, stop) = (self.choices.pick(&parts), self.choices.pick(&parts));
        let step = self.choices.pick(&["", ":", ":1", ":2", ":-1", ":-2", ":0"]);
        self.put("[");
        self.put(start);
        self.put(":");
        self.put(stop);
        self.put(step);
        self.put("]");
    }

    fn list(&mut self, depth: usize) {
        self.put("[");
        self.separated(depth, 1);
        self.put("]");
    }

    fn separated(&mut self, depth: usize, least: usize) {
        for i in 0..least + self.choices.below(3) {
            if i > 0 {
                self.put(", ");
            }
            self.expr(depth);
        }
    }

    fn hash(&mut self, depth: usize) {
        self.put("{");
        for i in 0..1 + self.choices.below(3) {
            if i > 0 {
                self.put(", ");
            }
            self.name();
            self.put(": ");
            self.expr(depth);
        }
        self.put("}");
    }

    fn call(&mut self, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return self.leaf() };
        let table = builtin::table();
        let function = loop {
            let function = table[self.choices.below(table.len())];
            if !UNSTABLE.contains(&function.name) {
                break function;
            }
        };
        let name = if self.vocabulary.wild && self.choices.rarely(250) { "no_such_function" } else { function.name };
        self.put(name);
        self.put("(");
        let mut count = function.args.len();
        if function.variadic {
            count += self.choices.below(3);
        }
        match self.choices.below(60) {
            58 => count += 1,
            59 => count = count.saturating_sub(1),
            _ => {}
        }
        for i in 0..count {
            if i > 0 {
                self.put(", ");
            }
            self.argument(&function, i, depth);
        }
        self.put(")");
    }

    fn argument(&mut self, function: &Builtin, index: usize, depth: usize) {
        let types = function.args.get(index).or(function.args.last()).copied().unwrap_or(&[Type::Any]);
        match self.choices.below(12) {
            10 => return self.expr(depth),
            11 => return self.leaf(),
            _ => {}
        }
        let pools = pools(function.name, index);
        match self.choices.pick(types) {
            Type::Str | Type::Any if !pools.is_empty() => {
                let pool = self.choices.pick(pools);
                let text = self.choices.pick(pool);
                if pool.as_ptr() == values::NUMBERS.as_ptr() {
                    self.json(text);
                } else if self.choices.rarely(4) {
                    let text = self.damaged(text);
                    self.text(&text);
                } else {
                    self.text(text);
                }
            }
            Type::Str => {
                let text = self.choices.pick(values::STRINGS);
                self.text(text);
            }
            Type::Number => {
                let number = self.choices.pick(values::NUMBERS);
                self.json(number);
            }
            Type::Expref => {
                self.put("&");
                match self.choices.below(3) {
                    0 => self.name(),
                    1 => self.put("@"),
                    _ => self.expr(depth),
                }
            }
            Type::Array | Type::ArrayNumber | Type::ArrayStr => self.array(depth),
            Type::Object => match self.choices.below(6) {
                0 => self.hash(depth),
                1 => self.put("@"),
                2 => self.put("a"),
                3 | 4 => {
                    let path = self.choices.pick(self.vocabulary.paths);
                    self.put(path);
                }
                _ => self.literal(),
            },
            Type::Bool | Type::Any => self.expr(depth),
        }
    }

    fn array(&mut self, depth: usize) {
        match self.choices.below(8) {
            0 => self.list(depth),
            1 | 2 => {
                let path = self.choices.pick(self.vocabulary.paths);
                self.put(path);
            }
            3 => self.put("items(@, 'k', 'v')"),
            4 => self.put("split('b,a,c', ',')"),
            5 => self.expr(depth),
            _ => self.literal(),
        }
    }

    fn damage(&mut self) {
        let text = std::mem::take(&mut self.out);
        self.out = self.damaged(&text);
    }

    /// A text with a character taken out, or put in, or two swapped.
    fn damaged(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let at = self.choices.below(chars.len().max(1));
        match self.choices.below(3) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 if at + 1 < chars.len() => chars.swap(at, at + 1),
            _ => {
                let new = self.choices.pick(&[
                    '\'', '`', '"', '[', ']', '(', ')', '.', '&', '|', '!', '*', '-', '=', '@', '{', '}', ':', ',',
                    '\\', '#', '0', ' ', '\n', '\t', '?', '%', 'a', '<', '+', '/',
                ]);
                chars.insert(at.min(chars.len()), new);
            }
        }
        chars.into_iter().collect()
    }
}

/// Where a function's strings come from.
fn pools(name: &str, index: usize) -> &'static [&'static [&'static str]] {
    const PLAIN: &[&[&str]] = &[];
    match (name, index) {
        ("add" | "subtract" | "multiply" | "divide" | "modulo", _) => {
            &[values::QUANTITIES, values::QUANTITIES, values::DURATIONS, values::NUMBERS, values::NUMBERS]
        }
        ("regex_match" | "regex_replace_all" | "regex_replace_all_literal", 0) => &[values::REGEXES],
        ("regex_replace_all" | "regex_replace_all_literal", 2) => &[values::REPLACEMENTS],
        ("pattern_match", 0) => &[values::GLOBS],
        ("time_since", 0) | ("time_parse", 0) => &[values::LAYOUTS],
        ("time_add" | "time_truncate", 1) => &[values::DURATIONS],
        // The end of time_since is the clock where it is empty.
        ("time_since", 2) => &[values::ENDS],
        (name, _) if name.starts_with("time_") => &[values::TIMES],
        ("semver_compare", 0) => &[values::VERSIONS],
        ("semver_compare", 1) => &[values::RANGES],
        ("image_normalize", _) => &[values::IMAGES],
        ("is_external_url", _) => &[values::URLS],
        ("path_canonicalize", _) => &[values::PATHS],
        ("parse_json", _) => &[values::JSONS],
        ("parse_yaml", _) => &[values::YAMLS, values::YAMLS, values::JSONS],
        ("base64_decode", _) => &[values::BASE64S],
        ("random", _) => &[values::SCHEDULES],
        ("to_number", _) => &[values::NUMBERS, values::STRINGS],
        _ => PLAIN,
    }
}
