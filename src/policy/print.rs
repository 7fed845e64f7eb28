//! Policies as text, for `--emit ast` and snapshots: what was read, with the place of each pattern's values.

use super::classic::{Check, Conditions, Filter, Match, Override, Policy, Rule, Selector, Validate};
use super::fields::Text;
use std::fmt::Write;

/// Prints a policy.
pub fn print(policy: &Policy) -> String {
    let mut p = Printer { out: String::new() };
    let kind = if policy.namespace.is_some() { "Policy" } else { "ClusterPolicy" };
    p.line(0, format_args!("{kind} {} @{}:{}", policy.name, policy.place.line, policy.place.column));
    if let Some(namespace) = policy.namespace.as_ref().filter(|n| !n.is_empty()) {
        p.line(1, format_args!("namespace {namespace}"));
    }
    for (key, value) in &policy.annotations {
        p.line(1, format_args!("annotation {key}: {value:?}"));
    }
    let s = &policy.spec;
    p.line(1, format_args!("action {}", s.action.name()));
    p.overrides(1, &s.overrides);
    for (set, what) in [
        (s.apply_one, "apply one rule"),
        (s.emit_warning, "emit warnings"),
        (!s.admission, "not at admission"),
        (!s.background, "not in the background"),
    ] {
        if set {
            p.line(1, format_args!("{what}"));
        }
    }
    s.rules.iter().for_each(|r| p.rule(r));
    p.out
}

struct Printer {
    out: String,
}

fn texts(list: &[Text]) -> String {
    let items: Vec<&str> = list.iter().map(|t| t.text.as_str()).collect();
    format!("[{}]", items.join(", "))
}

impl Printer {
    fn line(&mut self, indent: usize, text: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{:width$}{text}", "", width = indent * 2);
    }

    fn overrides(&mut self, indent: usize, list: &[Override]) {
        for o in list {
            self.line(indent, format_args!("action {} in {:?}", o.action.name(), o.namespaces));
            self.selector(indent + 1, "namespaceSelector", o.selector.as_ref());
        }
    }

    fn rule(&mut self, r: &Rule) {
        self.line(1, format_args!("rule {} @{}:{}", r.name, r.place.line, r.place.column));
        self.matches("match", &r.matches);
        if let Some(exclude) = &r.exclude {
            self.matches("exclude", exclude);
        }
        if let Some(conditions) = &r.preconditions {
            self.conditions("precondition", conditions);
        }
        if let Some(validate) = &r.validate {
            self.validate(validate);
        }
    }

    fn matches(&mut self, what: &str, m: &Match) {
        for (how, filters) in [("any", &m.any), ("all", &m.all)] {
            for f in filters {
                self.line(2, format_args!("{what} {how}"));
                self.filter(f);
            }
        }
        if m.any.is_empty() && m.all.is_empty() {
            self.line(2, format_args!("{what}"));
            self.filter(&m.legacy);
        }
    }

    fn filter(&mut self, f: &Filter) {
        let name = f.name.as_slice();
        for (field, list) in [
            ("kinds", f.kinds.as_slice()),
            ("name", name),
            ("names", &f.names),
            ("namespaces", &f.namespaces),
            ("operations", &f.operations),
            ("roles", &f.roles),
            ("clusterRoles", &f.cluster_roles),
        ] {
            if !list.is_empty() {
                self.line(3, format_args!("{field} {}", texts(list)));
            }
        }
        for (key, value) in f.annotations.iter().flatten() {
            self.line(3, format_args!("annotation {key}: {:?}", value.text));
        }
        self.selector(3, "selector", f.selector.as_ref());
        self.selector(3, "namespaceSelector", f.namespace_selector.as_ref());
        for s in &f.subjects {
            self.line(3, format_args!("subject {} {}/{}", s.kind, s.namespace, s.name));
        }
    }

    fn selector(&mut self, indent: usize, what: &str, selector: Option<&Selector>) {
        let Some(s) = selector else { return };
        self.line(indent, format_args!("{what}"));
        for (key, value) in &s.labels {
            self.line(indent + 1, format_args!("{key}={value}"));
        }
        for (key, op, values) in &s.expressions {
            self.line(indent + 1, format_args!("{key} {op:?} {values:?}"));
        }
    }

    fn conditions(&mut self, what: &str, c: &Conditions) {
        let any = c.any.iter().flatten().map(|c| ("any", c));
        for (how, condition) in any.chain(c.all.iter().map(|c| ("all", c))) {
            let operator = condition.operator.name();
            let place = condition.place;
            self.line(2, format_args!("{what} {how} {operator} @{}:{}", place.line, place.column));
            for (side, tree) in [("key", &condition.key), ("value", &condition.value)] {
                let _ = write!(self.out, "      {side}");
                tree.print(8, &mut self.out);
            }
            if !condition.message.is_empty() {
                self.line(3, format_args!("message {:?}", condition.message));
            }
        }
        if c.any.as_ref().is_none_or(Vec::is_empty) && c.all.is_empty() {
            self.line(2, format_args!("{what}, no conditions"));
        }
    }

    fn validate(&mut self, v: &Validate) {
        if let Some(m) = &v.message {
            self.line(2, format_args!("message {:?} @{}:{}", m.text, m.place.line, m.place.column));
        }
        if let Some(action) = v.action {
            self.line(2, format_args!("action {}", action.name()));
        }
        self.overrides(2, &v.overrides);
        if !v.allow_existing {
            self.line(2, format_args!("existing violations are not allowed"));
        }
        let (what, trees) = match &v.check {
            Some(Check::Pattern(tree)) => ("pattern", std::slice::from_ref(tree)),
            Some(Check::AnyPattern(trees)) => ("anyPattern", trees.as_slice()),
            Some(Check::Deny(conditions)) => return self.conditions("deny", conditions),
            None => return,
        };
        for tree in trees {
            let _ = write!(self.out, "    {what}");
            tree.print(6, &mut self.out);
        }
    }
}
