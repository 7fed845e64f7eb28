//! What rules say of a request: the validating webhook.

use super::blocked::Blocked;
use super::response::Answer;
use super::{Parts, Review, Reviewer, Surroundings, fails_closed, is_asked, warning};
use crate::engine::{JUDGE, PolicySet, Request, RuleInfo, Status, Verdict};
use crate::policy::classic::Action;

impl Reviewer {
    /// Asks the rules that judge, in the order of the set, and passes each verdict on with what becomes of a violation.
    ///
    /// Kyverno: pkg/webhooks/resource/validation/validation.go. Its audit comes later and only for reports, which the
    /// caller can make of the verdicts. Violations that are only audited warn the user where their policy says so.
    pub fn validate<'s>(
        &mut self,
        set: &'s PolicySet,
        review: &Review<'_>,
        around: &Surroundings<'_>,
        mut each: impl FnMut(&Verdict<'s>, Action),
    ) -> Answer {
        let parts = Parts::new(set, review, around, JUDGE);
        let Some(request) = parts.request(review, around) else { return Answer::default() };
        let mut said = Said::default();
        let asked = |policy| is_asked(set, around, policy);
        self.engine.check_with(set, &request, around.host, asked, |verdict| {
            let action = set.action(verdict.rule, &review.namespace, around.namespace_labels);
            each(&verdict, action);
            said.hear(set, &verdict, action);
        });
        let Said { blocked, mut warnings, audited, violated, undecided } = said;
        let enforced = |number: usize, info: &RuleInfo| {
            info.judges() && set.action(number, &review.namespace, around.namespace_labels) == Action::Enforce
        };
        if violated || (undecided && fails_closed(set, &request, around, enforced)) {
            return Answer::refused(blocked.message(&resource(set, &request)));
        }
        warnings.extend(audited);
        Answer { warnings, ..Answer::default() }
    }
}

/// What rules have said so far.
#[derive(Default)]
struct Said<'s> {
    blocked: Blocked<'s>,
    warnings: Vec<String>,
    audited: Vec<String>,
    violated: bool,
    undecided: bool,
}

impl<'s> Said<'s> {
    fn hear(&mut self, set: &'s PolicySet, verdict: &Verdict<'s>, action: Action) {
        if matches!(verdict.status, Status::Pass | Status::Skip) {
            return;
        }
        let Some(policy) = set.policies().get(verdict.info.policy) else { return };
        let rule = verdict.info.name.as_str();
        match action {
            Action::Enforce => {
                let message = verdict.message();
                self.warnings.push(warning(&policy.name, rule, &message));
                self.blocked.add(verdict.info.policy, &policy.name, rule, message);
                self.violated |= verdict.status == Status::Fail;
                self.undecided |= verdict.status == Status::Error;
            }
            Action::Audit if policy.emit_warning => {
                self.audited.push(warning(&policy.name, rule, &verdict.message()));
            }
            Action::Audit => {}
        }
    }
}

/// `kind/namespace/name` of the object.
pub(super) fn resource(set: &PolicySet, request: &Request<'_>) -> String {
    let doc = request.object;
    let text = |path| doc.slot(path).and_then(|n| doc.as_str(n)).unwrap_or_default();
    let paths = &set.paths;
    format!("{}/{}/{}", text(paths.kind), text(paths.namespace), text(paths.name))
}
