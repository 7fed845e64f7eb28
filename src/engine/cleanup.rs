//! Cleanup policies: which objects are to go.
//!
//! Kyverno: commands/apply/command.go, applyCleanupPolicies. There is no request and no user; of `request`, conditions
//! see the namespace only.

use super::host::Host;
use super::message;
use super::request::{Request, User};
use super::run::{Around, Engine, Run, Status, Verdict, request_document, verdict};
use super::set::{CheckKind, PolicySet};
use super::uses::Again;
use kyvc_vm::document::Place;
use kyvc_vm::verdict::Outcome;
use serde_json::json;
use std::sync::LazyLock;

/// Nobody, of whom it is known that there is nothing to know.
static NO_USER: LazyLock<User> = LazyLock::new(User::default);

impl Engine {
    /// Asks a cleanup policy whether the object of a request is to go. It passes where it is.
    pub fn cleanup<'s>(
        &mut self,
        set: &'s PolicySet,
        policy: usize,
        request: &Request<'_>,
        host: &dyn Host,
    ) -> Option<Verdict<'s>> {
        // The conditions of a rule about other kinds may be asked, too.
        let again = Again::of_any(request);
        let request = &again.as_ref().map_or(*request, |again| again.request(request));
        let root = request.object.root()?;
        let of_policy = |(_, r): &(usize, &super::set::RuleInfo)| r.policy == policy && r.check == CheckKind::Cleanup;
        let (number, info) = set.rules.iter().enumerate().find(of_policy)?;
        let namespace = request.object.slot(set.paths.namespace).and_then(|n| request.object.as_str(n)).unwrap_or("");
        let text = json!({"namespace": namespace}).to_string();
        let rest = request_document(&text);
        let request = Request { old: None, user: Some(&NO_USER), rest: Some(&text), ..*request };
        self.set_offers(host);
        let topic = set.topic(&request);
        self.ready(set, &request, &topic, rest.as_ref());
        self.parts().0.begin_context();
        let kind = topic.kind;
        let around = Around { kind, root, rest: rest.as_ref(), images_of: request.object, host };
        self.parts().0.begin_context();
        let (machine, cache, spare, traces) = self.parts();
        let (request, change, told) = (&request, None, Vec::new());
        let mut run = Run { machine, cache, spare, traces, set, info, request, around, change, told };
        run.begin_trace(number);
        let said = |status, text: &str| verdict(number, info, status, text.to_owned(), Place::default());
        Some(match run.unit(info.code.check, false) {
            Err(trap) => said(Status::Error, &format!("rule {}: {trap}", info.name)),
            Ok(Outcome::Pass(_)) => said(Status::Pass, message::cleanup(true)),
            Ok(outcome @ (Outcome::Skip(id) | Outcome::Fail(id) | Outcome::Error(id))) => {
                let (status, text, place) = run.explain(outcome, id, &message::Own::None)?;
                verdict(number, info, status, text, place)
            }
            Ok(Outcome::None | Outcome::Value(_)) => said(Status::Fail, message::cleanup(false)),
        })
    }
}
