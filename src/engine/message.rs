//! The words of Kyverno. Its message texts for classic validate rules are here, and how accounts of failures are told.

use super::pod_security;
use super::run::Status;
use super::set::CheckKind;
use kyvc_vm::ids::FaultId;
use kyvc_vm::machine::{FaultView, Input, Machine};
use kyvc_vm::program::{Program, Reason, Site, Step as PathStep};
use kyvc_vm::value::Val;
use kyvc_vm::verdict::Outcome;
use std::fmt::Write;

/// What the texts are made from.
pub(super) struct Words<'m> {
    pub(super) machine: &'m Machine,
    pub(super) program: &'m Program,
    pub(super) input: &'m Input<'m>,
    pub(super) rule: &'m str,
    /// Whether the request deletes its object, which then is its old object in the text of every variable
    pub(super) deletes: bool,
}

/// A rule's own message: there is none, or its text, or a variable in it could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The rule has no message
    None,
    /// The message
    Text(String),
    /// The message is one variable, and that is no text: its JSON
    Other(String),
    /// A variable in it was not resolved
    Unresolved,
}

/// The message of a rule that holds. `alternative` is `None` for a single pattern.
pub(super) fn pass(rule: &str, check: CheckKind, alternative: Option<u32>, own: &str) -> String {
    if check == CheckKind::PodSecurity {
        return pod_security::pass(rule);
    }
    if check == CheckKind::ForEach {
        return "rule passed".to_owned();
    }
    match alternative {
        None => format!("validation rule '{rule}' passed."),
        // No pattern was there to hold: Kyverno then repeats the rule's message as it is written.
        Some(u32::MAX) => own.to_owned(),
        Some(n) => format!("validation rule '{rule}' anyPattern[{n}] passed."),
    }
}

/// The message of a rule whose context cannot be loaded.
pub(super) fn no_context(why: &str) -> String {
    format!("failed to load context: {why}")
}

/// What is said where the variables of a rule that verifies images have no values.
pub(super) fn not_substituted(why: &str) -> String {
    format!("failed to substitute variables: {why}")
}

/// What is said of images that have all that is asked of them.
pub(super) fn images(passed: bool, skipped: &[String]) -> (Status, String) {
    match (passed, skipped) {
        (_, []) => (Status::Pass, "image verified".to_owned()),
        (true, some) => (Status::Pass, format!("image verified, skipped images: {}", some.join(" "))),
        (false, some) => (Status::Skip, format!("image skipped, skipped images: {}", some.join(" "))),
    }
}

/// What is said of an object that a cleanup policy is about, or is not.
pub(super) fn cleanup(matched: bool) -> &'static str {
    if matched { "resource matched" } else { "resource did not match" }
}

impl Words<'_> {
    /// The message and status of an outcome that has a fault.
    pub(super) fn outcome(&self, outcome: Outcome, check: CheckKind, own: &Own) -> Option<(Status, String)> {
        Some(match outcome {
            Outcome::Skip(id) => (Status::Skip, self.skipped(id)),
            Outcome::Fail(id) => (Status::Fail, self.say(id, check, own, false)),
            Outcome::Error(id) => (Status::Error, self.say(id, check, own, true)),
            Outcome::Pass(_) | Outcome::None | Outcome::Value(_) => return None,
        })
    }

    /// What is said of a rule that does not apply.
    fn skipped(&self, id: FaultId) -> String {
        match self.exceptions(id).as_slice() {
            [] => self.text(id),
            keys => format!("rule is skipped due to policy exceptions{}", keys.join(", ")),
        }
    }

    /// The names of the exceptions that a rule does not apply because of.
    pub(super) fn exceptions(&self, id: FaultId) -> Vec<String> {
        match self.machine.fault(self.program, id) {
            Some(FaultView::Site { site, .. }) if site.reason == Reason::Excepted => vec![site.text.to_string()],
            Some(FaultView::Both(a, b)) => [self.exceptions(a), self.exceptions(b)].concat(),
            _ => Vec::new(),
        }
    }

    /// What is said of a failure or an error; that of an element of a loop is wrapped.
    fn say(&self, id: FaultId, check: CheckKind, own: &Own, error: bool) -> String {
        if let Some((inner, kind)) = self.looped(id) {
            return format!("validation failure: {}", self.say(inner, kind, own, error));
        }
        match check {
            _ if error => self.error(id, own),
            CheckKind::Deny => self.denial(id, own),
            CheckKind::AnyPattern => self.any_failure(id, own),
            CheckKind::Pattern
            | CheckKind::ForEach
            | CheckKind::Mutate
            | CheckKind::PodSecurity
            | CheckKind::Generate
            | CheckKind::VerifyImages
            | CheckKind::Manifests
            | CheckKind::Cleanup => self.failure(id, own),
        }
    }

    /// What is wrong inside of a loop, and in what kind of check.
    pub(super) fn looped(&self, id: FaultId) -> Option<(FaultId, CheckKind)> {
        match self.machine.fault(self.program, id)? {
            FaultView::Site { site, value: Val::Fault(inner), .. } if site.reason == Reason::Looped => {
                let kind = match &*site.text {
                    "deny" => CheckKind::Deny,
                    "anyPattern" => CheckKind::AnyPattern,
                    "foreach" => CheckKind::ForEach,
                    _ => CheckKind::Pattern,
                };
                Some((inner, kind))
            }
            _ => None,
        }
    }

    /// The texts of the conditions that led to a denial, as they are written; none where it is no denial.
    pub(super) fn said(&self, id: FaultId, check: CheckKind) -> Option<String> {
        match self.looped(id) {
            Some((inner, kind)) => self.said(inner, kind),
            None => (check == CheckKind::Deny).then(|| self.text(id)),
        }
    }

    fn failure(&self, id: FaultId, own: &Own) -> String {
        let path = self.path(id);
        let rule = self.rule;
        match own {
            Own::None => format!("validation error: rule {rule} failed at path {path}"),
            Own::Text(message) | Own::Other(message) => {
                format!("validation error: {}. rule {rule} failed at path {path}", without_stop(message))
            }
            Own::Unresolved => format!(
                "validation error: variables substitution error in rule {rule} execution error: {}",
                self.text(id)
            ),
        }
    }

    /// What a denial says: the rule's message, which has been made of all that is to be said.
    fn denial(&self, id: FaultId, own: &Own) -> String {
        match own {
            Own::None => format!("validation error: rule {} failed", self.rule),
            Own::Unresolved => self.text(id),
            Own::Text(message) => message.clone(),
            Own::Other(_) => {
                "the produced message didn't resolve to a string, check your policy definition.".to_owned()
            }
        }
    }

    fn any_failure(&self, id: FaultId, own: &Own) -> String {
        let text = self.text(id);
        match own {
            Own::None => format!("validation error: {text}"),
            Own::Text(message) | Own::Other(message) => {
                format!("validation error: {}. {text}", without_stop(message))
            }
            Own::Unresolved => {
                format!("validation error: variables substitution error in rule {} execution error: {text}", self.rule)
            }
        }
    }

    fn error(&self, id: FaultId, own: &Own) -> String {
        match self.machine.fault(self.program, id) {
            Some(FaultView::Site { site, .. }) => match site.reason {
                Reason::Unresolved => return format!("variable substitution failed: {}", self.text(id)),
                Reason::Because | Reason::Said | Reason::Typed | Reason::Lost => return self.text(id),
                _ => {}
            },
            // A text of the pattern that is only known at run time, and has variables in it that are not resolved.
            Some(FaultView::Failed(text)) => return format!("variable substitution failed: {text}"),
            _ => {}
        }
        let (rule, text) = (self.rule, self.text(id));
        match own {
            Own::None => format!("validation error: rule {rule} execution error: {text}"),
            Own::Text(message) | Own::Other(message) => {
                format!("validation error: {}. rule {rule} execution error: {text}", without_stop(message))
            }
            Own::Unresolved => {
                format!("validation error: variables substitution error in rule {rule} execution error: {text}")
            }
        }
    }

    /// The path of a failure.
    pub(super) fn path(&self, id: FaultId) -> String {
        match self.machine.fault(self.program, id) {
            Some(FaultView::Site { site, moved, .. }) => self.machine.path(path_of(site), moved),
            Some(FaultView::Elsewhere { path, .. }) => path.to_owned(),
            _ => String::new(),
        }
    }

    /// A fault in Kyverno's words.
    pub(super) fn text(&self, id: FaultId) -> String {
        let mut out = String::new();
        self.write(id, &mut out);
        out
    }

    fn write(&self, id: FaultId, out: &mut String) {
        match self.machine.fault(self.program, id) {
            Some(FaultView::Missed { global, cause }) => {
                let kind = if global { "global" } else { "conditional" };
                let _ = write!(out, "{kind} anchor mismatch: ");
                self.write(cause, out);
            }
            Some(FaultView::Both(a, b)) => {
                self.write(a, out);
                out.push_str(if self.is_alternative(b) { " " } else { "; " });
                self.write(b, out);
            }
            Some(FaultView::UnknownKey(key)) => {
                let _ = write!(out, "Unknown key \"{key}\" in path");
            }
            Some(FaultView::Failed(text) | FaultView::Elsewhere { text, .. }) => out.push_str(text),
            Some(FaultView::Load(cause)) => self.write(cause, out),
            Some(FaultView::Site { site, value, moved }) => {
                let path = self.machine.path(path_of(site), moved);
                let numbered;
                let text = match (site.reason, moved.last()) {
                    (Reason::MismatchMade, Some(shown)) => self.machine.moved_text(shown),
                    (Reason::Because, Some(number)) => {
                        numbered = site.text.replace("%d", self.machine.moved_text(number));
                        &numbered
                    }
                    _ => &site.text,
                };
                self.site(site.reason, text, &path, value, out);
            }
            None => {}
        }
    }

    /// What stands before the fault of an expression of the context; nothing where a context entry brought it.
    fn query_failed(&self, value: Val) -> &'static str {
        match value {
            Val::Fault(id) if matches!(self.machine.fault(self.program, id), Some(FaultView::Load(_))) => "",
            _ => "JMESPath query failed: ",
        }
    }

    fn is_alternative(&self, id: FaultId) -> bool {
        matches!(self.machine.fault(self.program, id), Some(FaultView::Site { site, .. })
            if matches!(site.reason, Reason::Failed | Reason::Skipped | Reason::Undecided))
    }

    fn site(&self, reason: Reason, text: &str, path: &str, value: Val, out: &mut String) {
        let found = self.machine.go_type(self.program, self.input, value);
        let inner = || match value {
            Val::Fault(id) => self.text(id),
            _ => String::new(),
        };
        let _ = match reason {
            Reason::NotMap => write!(
                out,
                "pattern and resource have different structures. Path: {path}. \
                 Expected map[string]interface {{}}, found {found}"
            ),
            Reason::NotList => write!(
                out,
                "validation rule failed at path {path}, resource does not satisfy the expected overlay pattern"
            ),
            Reason::Mismatch | Reason::MismatchMade => {
                out.push_str("resource value '");
                self.machine.go_value(self.program, self.input, value, out);
                write!(out, "' does not match '{text}' at path {path}")
            }
            Reason::NotFound => write!(out, "{path}/{text} not found"),
            Reason::Forbidden => write!(out, "negation anchor matched in resource: {path} is not allowed"),
            Reason::ConditionAbsent => {
                write!(out, "conditional anchor mismatch: conditional anchor key doesn't exist in the resource")
            }
            Reason::NoElement => write!(out, "existence anchor validation failed at path {path}"),
            Reason::ElementOfNoList => write!(
                out,
                "invalid resource type {found}: Existence ^ () anchor can be used only on list/array type resource"
            ),
            Reason::PatternNotList => {
                write!(out, "invalid pattern type {text}: Pattern has to be of list to compare against resource")
            }
            Reason::PatternNotMaps => write!(
                out,
                "invalid pattern type []interface {{}}: Pattern has to be of type map to compare against items in resource"
            ),
            Reason::PatternEmpty => write!(out, "pattern Array empty"),
            Reason::TooShort => {
                let len = self.machine.length(self.input, value);
                write!(
                    out,
                    "validate Array failed, array length mismatch, resource Array len is {len} \
                     and pattern Array len is {text}"
                )
            }
            Reason::Unresolved => {
                let (variable, place) = text.split_once('\0').unwrap_or((text, ""));
                let variable = self.deletes.then(|| variable.replace("request.object", "request.oldObject"));
                let variable = variable.as_deref().unwrap_or_else(|| text.split('\0').next().unwrap_or(text));
                write!(out, "failed to resolve {variable} at path {place}: {}{}", self.query_failed(value), inner())
            }
            Reason::Queried => write!(out, "{}{}", self.query_failed(value), inner()),
            Reason::Said | Reason::Excepted => write!(out, "{text}"),
            Reason::Typed => write!(out, "{}", text.replace("%T", found)),
            Reason::Because | Reason::Looped => write!(out, "{text}: {}", inner()),
            Reason::Twice => {
                let inner = inner();
                write!(out, "{text}: {inner}: {inner}")
            }
            Reason::Lost => write!(out, "{}", inner()),
            Reason::Failed => match value {
                Val::Fault(id) => write!(out, "rule {}[{text}] failed at path {}", self.rule, self.path(id)),
                _ => Ok(()),
            },
            Reason::Undecided => write!(out, "rule {}[{text}] failed: {}", self.rule, inner()),
            Reason::Skipped => write!(out, "rule {}[{text}] skipped: {}", self.rule, inner()),
        };
    }
}

/// The steps of a site's path; one of a pattern that was made at run time has the pattern's text behind them.
pub(super) fn path_of(site: &Site) -> &[PathStep] {
    match (site.reason, site.path.split_last()) {
        (Reason::MismatchMade, Some((_, path))) => path,
        _ => &site.path,
    }
}

/// The message ends with exactly the full stop that it has or that is put after it.
fn without_stop(message: &str) -> &str {
    message.strip_suffix('.').unwrap_or(message)
}
