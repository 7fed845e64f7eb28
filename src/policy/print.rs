//! Policies as text, for `--emit ast` and snapshots: what was read, with the place of each pattern's values.

use super::any::AnyPolicy;
use super::classic::{Check, Conditions, Filter, Match, Override, Policy, Rule, Selector, Validate};
use super::context::{ContextEntry, Source};
use super::fields::Text;
use super::generate::{Generate, Makes};
use super::mutate::Change;
use super::tree::Tree;
use std::fmt::Write;

mod cleanup;

/// Prints a policy.
pub fn print(policy: &AnyPolicy) -> String {
    let mut p = Printer { out: String::new() };
    match policy {
        AnyPolicy::Classic(policy) => p.policy(policy),
        AnyPolicy::Cleanup(policy) => p.cleanup(policy),
    }
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

    fn head(&mut self, namespace: Option<&str>, annotations: &[(String, String)]) {
        if let Some(namespace) = namespace.filter(|n| !n.is_empty()) {
            self.line(1, format_args!("namespace {namespace}"));
        }
        for (key, value) in annotations {
            self.line(1, format_args!("annotation {key}: {value:?}"));
        }
    }

    fn policy(&mut self, policy: &Policy) {
        let kind = if policy.namespace.is_some() { "Policy" } else { "ClusterPolicy" };
        self.line(0, format_args!("{kind} {} @{}:{}", policy.name, policy.place.line, policy.place.column));
        self.head(policy.namespace.as_deref(), &policy.annotations);
        let s = &policy.spec;
        self.line(1, format_args!("action {}", s.action.name()));
        self.overrides(1, &s.overrides);
        for (set, what) in [
            (s.apply_one, "apply one rule"),
            (s.emit_warning, "emit warnings"),
            (s.ignore_failures, "ignore failures"),
            (!s.admission, "not at admission"),
            (!s.background, "not in the background"),
        ] {
            if set {
                self.line(1, format_args!("{what}"));
            }
        }
        s.rules.iter().for_each(|r| self.rule(r));
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
        self.context(2, &r.context);
        if let Some(conditions) = &r.preconditions {
            self.conditions("precondition", conditions);
        }
        self.tree(2, "reportProperties", r.report_properties.as_ref());
        if let Some(validate) = &r.validate {
            self.validate(validate);
        }
        if let Some(m) = &r.mutate {
            let again = if m.on_policy_update { ", when the policy changes too" } else { "" };
            self.line(2, format_args!("mutate @{}:{}{again}", m.place.line, m.place.column));
            for t in &m.targets {
                self.tree(3, "target", Some(&t.selector));
                self.context(4, &t.context);
                if let Some(conditions) = &t.preconditions {
                    self.conditions("precondition", conditions);
                }
            }
            self.change(&m.change);
        }
        if let Some(v) = &r.verify_images {
            self.tree(2, "verifyImages", Some(&v.tree));
        }
        for kind in r.image_extractors.iter().flatten() {
            for x in &kind.extractors {
                self.line(2, format_args!("images.{} of {} at {:?}", x.name, kind.kind, x.path.text));
            }
        }
        if let Some(g) = &r.generate {
            self.generate(g);
        }
    }

    fn generate(&mut self, g: &Generate) {
        let sync = if g.synchronize { ", synchronized" } else { "" };
        self.line(2, format_args!("generate @{}:{}{sync}", g.place.line, g.place.column));
        match &g.makes {
            Makes::Pattern(tree) => self.tree(3, "pattern", Some(tree)),
            Makes::ForEach(loops) => {
                for each in loops {
                    let place = each.place;
                    self.line(2, format_args!("foreach {:?} @{}:{}", each.list.text, place.line, place.column));
                    self.context(3, &each.context);
                    if let Some(conditions) = &each.preconditions {
                        self.conditions("precondition", conditions);
                    }
                    self.tree(3, "pattern", Some(&each.pattern));
                    self.line(2, format_args!("end foreach"));
                }
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Strategic(tree) => self.tree(3, "patchStrategicMerge", Some(tree)),
            Change::Json6902(text) => self.text(3, "patchesJson6902", Some(text)),
            Change::ForEach(loops) => {
                for each in loops {
                    let place = each.place;
                    self.line(2, format_args!("foreach {:?} @{}:{}", each.list.text, place.line, place.column));
                    if let Some(descending) = each.descending {
                        self.line(3, format_args!("{}", if descending { "descending" } else { "ascending" }));
                    }
                    self.context(3, &each.context);
                    if let Some(conditions) = &each.preconditions {
                        self.conditions("precondition", conditions);
                    }
                    self.change(&each.change);
                    self.line(2, format_args!("end foreach"));
                }
            }
            Change::Nothing => {}
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
            let operator = condition.operator.map_or("?", |o| o.name());
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
        self.check(v.check.as_ref());
    }

    fn context(&mut self, indent: usize, entries: &[ContextEntry]) {
        for e in entries {
            let place = e.place;
            self.line(indent, format_args!("context {} @{}:{}", e.name.text, place.line, place.column));
            self.source(indent + 1, &e.source);
        }
    }

    fn source(&mut self, indent: usize, source: &Source) {
        match source {
            Source::Variable { value, path, default } => {
                self.line(indent, format_args!("variable"));
                self.tree(indent + 1, "value", value.as_ref());
                self.text(indent + 1, "jmesPath", path.as_ref());
                self.tree(indent + 1, "default", default.as_ref());
            }
            Source::ConfigMap { name, namespace } => {
                self.line(indent, format_args!("configMap"));
                self.text(indent + 1, "name", Some(name));
                self.text(indent + 1, "namespace", namespace.as_ref());
            }
            Source::ApiCall(call) => {
                self.line(indent, format_args!("apiCall {}", call.method.text));
                self.text(indent + 1, "urlPath", call.url_path.as_ref());
                if let Some(service) = &call.service {
                    self.text(indent + 1, "service", Some(&service.url));
                    for (key, value) in &service.headers {
                        self.text(indent + 2, &key.text, Some(value));
                    }
                    self.text(indent + 2, "caBundle", service.ca_bundle.as_ref());
                }
                for (key, value) in &call.data {
                    self.tree(indent + 1, &format!("data {}", key.text), Some(value));
                }
                self.text(indent + 1, "jmesPath", call.path.as_ref());
                self.tree(indent + 1, "default", call.default.as_ref());
            }
            Source::ImageRegistry { reference, path, credentials } => {
                self.line(indent, format_args!("imageRegistry"));
                self.text(indent + 1, "reference", Some(reference));
                self.text(indent + 1, "jmesPath", path.as_ref());
                self.tree(indent + 1, "imageRegistryCredentials", credentials.as_ref());
            }
            Source::GlobalReference { name, path } => {
                self.line(indent, format_args!("globalReference"));
                self.text(indent + 1, "name", Some(name));
                self.text(indent + 1, "jmesPath", path.as_ref());
            }
        }
    }

    fn text(&mut self, indent: usize, what: &str, text: Option<&Text>) {
        if let Some(t) = text {
            self.line(indent, format_args!("{what} {:?} @{}:{}", t.text, t.place.line, t.place.column));
        }
    }

    fn tree(&mut self, indent: usize, what: &str, tree: Option<&Tree>) {
        if let Some(tree) = tree {
            let _ = write!(self.out, "{:width$}{what}", "", width = indent * 2);
            tree.print(indent * 2 + 2, &mut self.out);
        }
    }

    fn check(&mut self, check: Option<&Check>) {
        let (what, trees) = match check {
            Some(Check::Pattern(tree)) => ("pattern", std::slice::from_ref(tree)),
            Some(Check::AnyPattern(trees)) => ("anyPattern", trees.as_slice()),
            Some(Check::Deny(conditions)) => return self.conditions("deny", conditions),
            Some(Check::ForEach(loops)) => {
                for each in loops {
                    let place = each.place;
                    self.line(2, format_args!("foreach {:?} @{}:{}", each.list.text, place.line, place.column));
                    if let Some(scope) = each.element_scope {
                        self.line(3, format_args!("elementScope {scope}"));
                    }
                    self.context(3, &each.context);
                    if let Some(conditions) = &each.preconditions {
                        self.conditions("precondition", conditions);
                    }
                    self.check(each.check.as_ref());
                    self.line(2, format_args!("end foreach"));
                }
                return;
            }
            Some(Check::PodSecurity(standard)) => {
                let (rule, place) = (&standard.rule, standard.place);
                let (level, version) = (rule.level.name(), rule.version);
                self.line(2, format_args!("podSecurity {level}:{version} @{}:{}", place.line, place.column));
                rule.exclude.iter().for_each(|e| self.line(3, format_args!("exclude {e:?}")));
                return;
            }
            Some(Check::Manifests(tree)) => ("manifests", std::slice::from_ref(tree)),
            Some(Check::Nothing) | None => return,
        };
        for tree in trees {
            let _ = write!(self.out, "    {what}");
            tree.print(6, &mut self.out);
        }
    }
}
