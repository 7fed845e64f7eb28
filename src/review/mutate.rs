//! How rules change the object of a request: the mutating webhook.

use super::blocked::Blocked;
use super::response::Answer;
use super::validate::resource;
use super::{Parts, Review, Reviewer, Surroundings, fails_closed, is_asked, warning};
use crate::engine::{
    CHANGE, CheckKind, Mutated, Operation, PolicyInfo, PolicySet, Request, RuleInfo, Status, Verdict, Verified,
    Versions,
};
use crate::policy::classic::Action;
use kyvc_vm::document::{Buffers, Document, JsonOptions, read_json};
use kyvc_vm::patch::diff;
use std::collections::VecDeque;
use typed_arena::Arena;

impl Reviewer {
    /// Lets the rules that change objects change that of a request, and then those that verify images, in the order of
    /// the set. Passes each verdict on.
    ///
    /// Kyverno: pkg/webhooks/resource/mutation/mutation.go and pkg/webhooks/resource/imageverification/handler.go
    pub fn mutate<'s>(
        &mut self,
        set: &'s PolicySet,
        review: &Review<'_>,
        around: &Surroundings<'_>,
        mut each: impl FnMut(&Verdict<'s>),
    ) -> Answer {
        let parts = Parts::new(set, review, around, CHANGE);
        let Some(first) = parts.request(review, around).filter(|_| review.operation != Operation::Delete) else {
            return Answer::default();
        };
        let (versions, texts) = (Versions::default(), Arena::new());
        let mut changes = Changes::new(first.object);
        let mut warnings = Vec::new();
        let mut left = changing(set, &first, 0);
        while let Some(policy) = left.pop_front() {
            let Some(info) = set.policies().get(policy).filter(|_| is_asked(set, around, policy)) else { continue };
            let request = Request { object: changes.now, ..first };
            let mut said = Said::default();
            let outcome = self.engine.mutate(set, policy, &request, &versions, around.host, |verdict, _| {
                each(&verdict);
                said.hear(set, info, policy, &verdict, &request, around, true);
            });
            let before = |_, r: &RuleInfo| r.check == CheckKind::Mutate && r.policy <= policy;
            if said.violated || (said.undecided && fails_closed(set, &request, around, before)) {
                let name = &info.name;
                let rules = said.failed.join(" ");
                return Answer::refused(format!(
                    "mutation policy {name} error: failed to apply policy {name} rules [{rules}]"
                ));
            }
            warnings.append(&mut said.warnings);
            match outcome {
                Mutated::Same => {}
                Mutated::Changed(doc) => {
                    // Rules of later policies may be about what it is now, and not about what it was.
                    let now = Request { object: doc, ..first };
                    if set.topic(&now) != set.topic(&request) {
                        left = changing(set, &now, policy + 1);
                    }
                    changes.turn(doc, said.failed.is_empty());
                }
                Mutated::Lost => break,
            }
        }
        if let Err(refused) = self.verify(set, &first, around, &mut changes, &texts, &versions, &mut warnings, each) {
            return refused;
        }
        Answer { patch: changes.patch(), warnings, refusal: None }
    }

    /// Lets rules verify the images of the object as it is now.
    #[expect(clippy::too_many_arguments, reason = "the second half of one function")]
    fn verify<'s, 'r>(
        &mut self,
        set: &'s PolicySet,
        first: &Request<'r>,
        around: &Surroundings<'_>,
        changes: &mut Changes<'r>,
        texts: &'r Arena<String>,
        versions: &'r Versions<'r>,
        warnings: &mut Vec<String>,
        mut each: impl FnMut(&Verdict<'s>),
    ) -> Result<(), Answer> {
        let (mut all, mut verified) = (Said::default(), Verified::default());
        // Kyverno: each policy sees the object as the rules have left it that change objects.
        let request = Request { object: changes.now, ..*first };
        for &policy in set.verifying() {
            let Some(info) = set.policies().get(policy).filter(|_| is_asked(set, around, policy)) else { continue };
            self.engine.verify_images_too(set, policy, &request, around.host, &mut verified, |verdict| {
                each(&verdict);
                all.hear(set, info, policy, &verdict, &request, around, false);
            });
        }
        let verifies = |_, r: &RuleInfo| r.check == CheckKind::VerifyImages;
        if all.violated || (all.undecided && fails_closed(set, &request, around, verifies)) {
            return Err(Answer::refused(all.blocked.message(&resource(set, &request))));
        }
        let layout = request.object.layout();
        let changed = verified.applied(request.object).map(|json| &**texts.alloc(json));
        if let Some(Ok(doc)) = changed.map(|json| read_json(json, layout, Buffers::default(), JsonOptions::default())) {
            changes.turn(versions.alloc(doc), true);
        }
        warnings.append(&mut all.warnings);
        Ok(())
    }
}

/// The policies from a number on with rules that may change the object of a request, in order.
fn changing(set: &PolicySet, request: &Request<'_>, from: usize) -> VecDeque<usize> {
    let mut policies: VecDeque<usize> = VecDeque::new();
    for (_, rule) in
        set.rules_about(&set.topic(request)).filter(|(_, r)| r.policy >= from && r.check == CheckKind::Mutate)
    {
        if policies.back() != Some(&rule.policy) {
            policies.push_back(rule.policy);
        }
    }
    policies
}

/// How an object has changed, and what of that is answered.
struct Changes<'r> {
    /// The version that the next change is told from
    from: &'r Document<'r>,
    now: &'r Document<'r>,
    /// Earlier changes, as lists of operations
    told: Vec<String>,
}

impl<'r> Changes<'r> {
    fn new(object: &'r Document<'r>) -> Self {
        Self { from: object, now: object, told: Vec::new() }
    }

    /// Goes on with another version. What was changed by a policy that failed is seen by the next ones, but not told.
    fn turn(&mut self, doc: &'r Document<'r>, told: bool) {
        if !told {
            self.tell();
            self.from = doc;
        }
        self.now = doc;
    }

    fn tell(&mut self) {
        if !std::ptr::eq(self.from, self.now) {
            let operations = diff(self.from, self.now);
            if operations.len() > "[]".len() {
                self.told.push(operations);
            }
        }
    }

    fn patch(mut self) -> Option<String> {
        self.tell();
        if self.told.len() < 2 {
            return self.told.pop();
        }
        let inner: Vec<&str> = self.told.iter().filter_map(|t| t.get(1..t.len() - 1)).collect();
        Some(format!("[{}]", inner.join(",")))
    }
}

/// What the rules of a policy have said.
#[derive(Default)]
struct Said<'s> {
    /// `rule: message` of those that failed
    failed: Vec<String>,
    blocked: Blocked<'s>,
    warnings: Vec<String>,
    violated: bool,
    undecided: bool,
}

impl<'s> Said<'s> {
    /// `talks` says that a policy may warn of what it did.
    #[expect(clippy::too_many_arguments, reason = "what a rule says, and what it is asked about")]
    fn hear(
        &mut self,
        set: &PolicySet,
        policy: &'s PolicyInfo,
        number: usize,
        verdict: &Verdict<'s>,
        request: &Request<'_>,
        around: &Surroundings<'_>,
        talks: bool,
    ) {
        let rule = verdict.info.name.as_str();
        let bad = !matches!(verdict.status, Status::Pass | Status::Skip);
        if bad || (talks && policy.emit_warning && verdict.status != Status::Skip) {
            self.warnings.push(warning(&policy.name, rule, &verdict.message()));
        }
        if !bad {
            return;
        }
        let doc = request.object;
        let namespace = doc.slot(set.paths.namespace).and_then(|n| doc.as_str(n)).unwrap_or_default();
        let enforced = set.action(verdict.rule, namespace, around.namespace_labels) == Action::Enforce;
        self.violated |= verdict.status == Status::Fail && enforced;
        self.undecided |= verdict.status == Status::Error;
        self.failed.push(format!("{rule}: {}", verdict.message()));
        self.blocked.add(number, &policy.name, rule, verdict.message());
    }
}
