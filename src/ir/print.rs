//! The intermediate form as text, for `--emit ir` and snapshots.

use super::generate::Generation;
use super::mutate::{Change, Mutation, Target};
use super::{
    Ask, Body, Conditions, ContextEntry, Entry, Existence, ExistenceItem, Expr, Filter, Filters, First, MapAsk,
    Matches, Pattern, Rule, Test, WholePattern,
};
use kyvc_grammar::anchor::Anchor;
use kyvc_vm::scalar::Glob;
use kyvc_vm::selector::{KindSelector, LabelSelector};
use std::fmt::Write;
use std::ops::Range;

/// Prints a rule.
pub fn print(rule: &Rule) -> String {
    let mut p = Printer { out: String::new(), indent: 0 };
    p.line(format_args!("rule {} @{}:{}", rule.label, rule.place.line, rule.place.column));
    p.indented(|p| {
        p.matches(&rule.matches);
        for (i, entry) in rule.entries.iter().enumerate() {
            p.context(i, entry);
        }
        p.only_if(rule.preconditions.as_ref());
        if let Some(properties) = &rule.properties {
            p.line(format_args!("report {}", expr(properties)));
        }
        for e in &rule.exceptions {
            p.line(format_args!("except {}{}", e.key, if !e.pod_security.is_empty() { ", in part" } else { "" }));
            p.indented(|p| {
                p.filters("match", &e.matches);
                p.only_if(e.conditions.as_ref());
            });
        }
        p.body(&rule.body);
        if let Some(message) = &rule.message {
            p.line(format_args!("message {}", expr(message)));
        }
    });
    p.out
}

struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{:width$}{text}", "", width = self.indent * 2);
    }

    fn indented(&mut self, inner: impl FnOnce(&mut Self)) {
        self.indent += 1;
        inner(self);
        self.indent -= 1;
    }

    fn context(&mut self, number: usize, e: &ContextEntry) {
        let needs = e.needs.map_or(String::new(), |n| format!(", needs {}", n.name()));
        let steady = if e.steady { "" } else { ", not steady" };
        let merged = if e.replaces { "" } else { ", merged" };
        self.line(format_args!("context {number} {}{needs}{merged}{steady}", e.name));
        self.indented(|p| p.line(format_args!("{}", expr(&e.value))));
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Pattern(pattern) => {
                self.line(format_args!("check"));
                self.indented(|p| p.whole(pattern));
            }
            Body::Deny(conditions) => {
                self.line(format_args!("not if"));
                self.indented(|p| p.conditions(conditions));
            }
            Body::AnyPattern(patterns) => {
                for (i, pattern) in patterns.iter().enumerate() {
                    self.line(format_args!("or check {i}"));
                    self.indented(|p| p.whole(pattern));
                }
            }
            Body::Manifests(json) => self.line(format_args!("signed {json}")),
            Body::VerifyImages(v) => {
                for e in &v.rule.entries {
                    let asked = [(e.verify_digest, ", with a digest"), (e.required, ", verified")];
                    let asked: String = asked.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
                    self.line(format_args!("images {:?}{asked}", e.references));
                }
                for (kind, list) in v.rule.extractors.iter().flatten() {
                    for x in list {
                        let steps = x.steps.join("/");
                        self.line(format_args!("images.{} of {kind} at {steps}, {}", x.group, x.value));
                    }
                }
                self.line(format_args!("verify {}", expr(&v.how)));
            }
            Body::Cleanup(conditions) => {
                self.line(format_args!("goes"));
                self.indented(|p| p.only_if(conditions.as_ref()));
            }
            Body::ForEach(loops) => {
                for each in loops {
                    self.line(format_args!("for each element{} of {}", each.depth, expr(&each.list)));
                    self.indented(|p| {
                        p.entries(&each.context, &each.again);
                        if let Some(scoped) = each.scoped {
                            p.line(format_args!("scoped {scoped}"));
                        }
                        p.only_if(each.preconditions.as_ref());
                        p.body(&each.body);
                    });
                }
            }
            Body::PodSecurity(rule) => {
                self.line(format_args!("pod security {}:{}", rule.level.name(), rule.version));
                self.indented(|p| rule.exclude.iter().for_each(|e| p.line(format_args!("without {e:?}"))));
            }
            Body::Generate(g) => match &**g {
                Generation::One(pattern) => self.line(format_args!("make {}", expr(pattern))),
                Generation::ForEach(loops) => {
                    for each in loops {
                        self.line(format_args!("for each element of {}", expr(&each.list)));
                        self.indented(|p| {
                            p.entries(&each.context, &each.again);
                            p.only_if(each.preconditions.as_ref());
                            p.line(format_args!("make {}", expr(&each.pattern)));
                        });
                    }
                }
            },
            Body::Mutate(m) => match &**m {
                Mutation::Own(change) => self.change(change),
                Mutation::Targets(targets) => targets.iter().for_each(|t| self.target(t)),
            },
            Body::Broken(text) => self.line(format_args!("broken {text:?}")),
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Patch(p) => {
                let how = if p.operations { "operations" } else { "merge" };
                self.line(format_args!("{how} {}", expr(&p.value)));
                self.indented(|p_| p.also.iter().for_each(|e| p_.line(format_args!("also {}", expr(e)))));
            }
            Change::ForEach(loops) => {
                for each in loops {
                    let order = if each.descending { ", last first" } else { "" };
                    self.line(format_args!("for each element{} of {}{order}", each.depth, expr(&each.list)));
                    self.indented(|p| {
                        p.entries(&each.context, &each.again);
                        p.only_if(each.preconditions.as_ref());
                        p.change(&each.change);
                    });
                }
            }
            Change::Nothing => self.line(format_args!("nothing")),
        }
    }

    fn target(&mut self, t: &Target) {
        self.line(format_args!("target {}", expr(&t.selector)));
        self.indented(|p| {
            p.entries(&t.context, &[]);
            p.only_if(t.preconditions.as_ref());
            p.change(&t.change);
        });
    }

    fn entries(&mut self, context: &Range<usize>, again: &[usize]) {
        for (what, list) in [("with context", context.clone().collect::<Vec<_>>()), ("again", again.to_vec())] {
            if !list.is_empty() {
                self.line(format_args!("{what} {list:?}"));
            }
        }
    }

    fn only_if(&mut self, conditions: Option<&Conditions>) {
        if let Some(conditions) = conditions {
            self.line(format_args!("only if"));
            self.indented(|p| p.conditions(conditions));
        }
    }

    fn whole(&mut self, whole: &WholePattern) {
        if let Some(pattern) = &whole.pattern {
            self.pattern(pattern);
        }
        if let Some(value) = &whole.value {
            self.line(format_args!("or the pattern {}", expr(value)));
        }
        whole.also.iter().for_each(|e| self.line(format_args!("also {}", expr(e))));
    }

    fn matches(&mut self, m: &Matches) {
        if let Some((only, kinds)) = &m.guard {
            self.line(format_args!("{} kinds {}", if *only { "only" } else { "not" }, globs(kinds)));
        }
        if let Some(namespace) = &m.namespace {
            self.line(format_args!("in namespace {namespace:?}"));
        }
        self.filters("match", &m.include);
        if let Some(exclude) = &m.exclude {
            self.filters("exclude", exclude);
        }
    }

    fn filters(&mut self, what: &str, filters: &Filters) {
        let how = if matches!(filters, Filters::Any(_)) { "any" } else { "all" };
        self.line(format_args!("{what} {how}"));
        self.indented(|p| filters.list().iter().for_each(|f| p.filter(f)));
    }

    fn filter(&mut self, f: &Filter) {
        self.line(format_args!("filter{}", if f.empty { " (empty)" } else { "" }));
        self.indented(|p| {
            for t in &f.resource {
                p.line(format_args!("{}", test(t)));
            }
            for t in &f.user {
                p.line(format_args!("user {}", test(t)));
            }
        });
    }

    fn conditions(&mut self, c: &Conditions) {
        let any = c.any.iter().flatten().map(|c| ("any", c));
        for (how, c) in any.chain(c.all.iter().map(|c| ("all", c))) {
            let said = if c.message.is_empty() { String::new() } else { format!(", says {:?}", c.message) };
            let operator = c.operator.map_or("?", |o| o.name());
            self.line(format_args!("{how} {} {operator} {}{said}", expr(&c.key), expr(&c.value)));
        }
        if c.any.as_ref().is_some_and(Vec::is_empty) {
            self.line(format_args!("any, and there is none"));
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.ask {
            Ask::Map(m) => self.map(m),
            Ask::Each(p) => {
                self.line(format_args!("list, each element"));
                self.indented(|s| s.pattern(p));
            }
            Ask::EachScalar(p) => {
                self.line(format_args!("list, all elements"));
                self.indented(|s| s.pattern(p));
            }
            Ask::Positions(ps) => {
                self.line(format_args!("list, by position"));
                self.indented(|s| ps.iter().for_each(|p| s.pattern(p)));
            }
            Ask::EmptyList => self.line(format_args!("list, never")),
            Ask::Scalar(p, _) => self.line(format_args!("scalar {p}")),
            Ask::Made(e) => self.line(format_args!("scalar of {}", expr(e))),
        }
    }

    fn map(&mut self, m: &MapAsk) {
        self.line(format_args!("map"));
        self.indented(|p| {
            for (entries, keys, what) in
                [(&m.anchored, &m.anchored_keys, "anchors first"), (&m.plain, &m.plain_keys, "keys")]
            {
                if keys.is_some() {
                    p.line(format_args!("{what}, in the order of their expansion:"));
                }
                entries.iter().for_each(|e| p.entry(e));
            }
        });
    }

    fn entry(&mut self, e: &Entry) {
        let anchor = match e.anchor {
            None => "",
            Some(Anchor::Condition) => "if ",
            Some(Anchor::Global) => "if globally ",
            Some(Anchor::Negation) => "no ",
            Some(Anchor::AddIfAbsent) => "add ",
            Some(Anchor::Equality) => "if present ",
            Some(Anchor::Existence) => "some element of ",
        };
        if e.exists || e.anchor == Some(Anchor::Negation) {
            let what = if e.exists { " exists" } else { "" };
            return self.line(format_args!("{anchor}{:?}{what}", e.key));
        }
        self.line(format_args!("{anchor}{:?}:", e.key));
        self.indented(|p| match &e.existence {
            None => p.pattern(&e.value),
            Some(Existence::NotList(found)) => p.line(format_args!("not a list but {found}")),
            Some(Existence::Lists(items)) => items.iter().for_each(|item| match item {
                ExistenceItem::Map(pattern) => p.pattern(pattern),
                ExistenceItem::NotMap => p.line(format_args!("not a map")),
            }),
        });
    }
}

fn globs(list: &[Glob]) -> String {
    let items: Vec<String> = list.iter().map(|g| format!("{:?}", g.as_str())).collect();
    format!("[{}]", items.join(", "))
}

fn kind(k: &KindSelector) -> String {
    [&k.group, &k.version, &k.kind, &k.subresource].map(Glob::as_str).join("/").trim_end_matches('/').to_owned()
}

fn selector(s: &LabelSelector) -> String {
    let mut items: Vec<String> = s.globs.iter().map(|(k, v)| format!("{}={}", k.as_str(), v.as_str())).collect();
    items.extend(s.requirements.iter().map(|r| format!("{} {:?} {:?}", r.key, r.op, r.values)));
    if s.invalid {
        items.push("invalid".to_owned());
    }
    format!("[{}]", items.join(", "))
}

fn test(t: &Test) -> String {
    match t {
        Test::Kind(kinds) => format!("kind in [{}]", kinds.iter().map(kind).collect::<Vec<_>>().join(", ")),
        Test::Any(fact, list) => format!("{} in {}", fact.name(), globs(list)),
        Test::Selector(fact, s) => format!("{} satisfy {}", fact.name(), selector(s)),
        Test::Pairs(fact, pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{:?}: {:?}", k.as_str(), v.as_str())).collect();
            format!("{} have [{}]", fact.name(), pairs.join(", "))
        }
        Test::NamespaceLabels(s, namespaces) => {
            let all = if *namespaces { ", or it is a Namespace" } else { "" };
            format!("namespace-labels satisfy {}{all}", selector(s))
        }
        Test::Subjects { users, groups } => format!("name in {} or group in {}", globs(users), globs(groups)),
    }
}

/// An expression in one line.
fn expr(e: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(expr).collect::<Vec<_>>().join(", ");
    match e {
        Expr::Null => "null".to_owned(),
        Expr::Bool(b) => b.to_string(),
        Expr::Int(n) => n.to_string(),
        Expr::Float(n) => format!("{n:?}"),
        Expr::Str(s) => format!("{s:?}"),
        Expr::Root(root) => format!("${}", root.name()),
        Expr::Current => "@".to_owned(),
        Expr::Key(of, key) => format!("{}.{key:?}", expr(of)),
        Expr::Index(of, n) => format!("{}[{n}]", expr(of)),
        Expr::Slice(of, bounds) => {
            let bound = |n: &Option<i64>| n.map_or(String::new(), |n| n.to_string());
            format!("{}[{}]", expr(of), bounds.iter().map(bound).collect::<Vec<_>>().join(":"))
        }
        Expr::Flatten(of) => format!("flatten({})", expr(of)),
        Expr::Values(of) => format!("values({})", expr(of)),
        Expr::Let(value, body) => format!("(let @ = {} in {})", expr(value), expr(body)),
        Expr::Each(each) => {
            let condition = each.condition.as_ref().map_or(String::new(), |c| format!(" if {}", expr(c)));
            format!("[for @ in {}{condition}: {}]", expr(&each.list), expr(&each.body))
        }
        Expr::Compare(how, a, b) => format!("({} {} {})", expr(a), how.symbol(), expr(b)),
        Expr::And(a, b) => format!("({} && {})", expr(a), expr(b)),
        Expr::Or(a, b) => format!("({} || {})", expr(a), expr(b)),
        Expr::Not(of) => format!("!{}", expr(of)),
        Expr::List(items) => format!("[{}]", list(items)),
        Expr::Map(members) => {
            let members: Vec<String> = members.iter().map(|(k, v)| format!("{k:?}: {}", expr(v))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Expr::MapOf(members) => {
            let members: Vec<String> = members.iter().map(|(k, v)| format!("({}): {}", expr(k), expr(v))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Expr::WhenDeleted(deleted, e) => format!("when-deleted({}, {})", expr(deleted), expr(e)),
        Expr::UnlessNull(of) => format!("unless-null({})", expr(of)),
        Expr::Forgive(of) => format!("{}?", expr(of)),
        Expr::ForgiveAll(of) => format!("{}??", expr(of)),
        Expr::Call(name, args) => format!("{name}({})", list(args)),
        Expr::CallBy(call) => {
            let by = call.body.as_ref().map_or("reference".to_owned(), expr);
            format!("{}({} by {by})", call.name, list(&call.args))
        }
        Expr::Reference(reference) => format!("&{}", reference.shown),
        Expr::Fail(text) => format!("fail({text:?})"),
        Expr::Join(parts) => format!("join({})", list(parts)),
        Expr::Settle { text, last, .. } => format!("settle{}({})", if *last { "-last" } else { "" }, expr(text)),
        Expr::Escape(of) => format!("escape({})", expr(of)),
        Expr::Scan(of, _) => format!("scan({})", expr(of)),
        Expr::Name(name) => format!("#{name}"),
        Expr::Need(entries, of) => format!("(need {entries:?} for {})", expr(of)),
        Expr::Blame(text, of) => format!("blame({text:?}, {})", expr(of)),
        Expr::Queried(of) => format!("queried({})", expr(of)),
        Expr::Text(of, text) => format!("text({}, {text:?})", expr(of)),
        Expr::NotNull(of, text) => format!("not-null({}, {text:?})", expr(of)),
        Expr::Floats(of) => format!("floats({})", expr(of)),
        Expr::Sized(of, text) => format!("sized({}, {text:?})", expr(of)),
        Expr::Ask(ask, of) => format!("ask {}({})", ask.name(), expr(of)),
        Expr::Query(text, None) => format!("query({})", expr(text)),
        Expr::Query(text, Some(on)) => format!("query({}, {})", expr(text), expr(on)),
        Expr::Fallback(f) => {
            let with = f.with.as_ref().map_or(String::new(), |w| format!("let @ = {} in ", expr(w)));
            let then = f.then.as_ref().map_or(String::new(), |t| format!(" then {}", expr(t)));
            let on = if f.nulls { "or" } else { "else" };
            let first = match &f.first {
                First::Value(e) => expr(e),
                First::Query { text, blame } => format!("blame({blame:?}, query({}))", expr(text)),
            };
            format!("({with}{first} {on} {}{then})", expr(&f.otherwise))
        }
        Expr::Variable { value, .. } => format!("{{{{ {} }}}}", expr(value)),
    }
}
