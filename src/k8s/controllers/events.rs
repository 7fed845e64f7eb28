//! Events about what rules said of requests.
//!
//! Kyverno: pkg/event and pkg/webhooks/utils/event.go.

use crate::engine::Status;
use crate::review::Review;
use crate::serve::Said;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::warn;

/// How many may wait to be written; others are dropped.
const QUEUED: usize = 1000;
/// The longest message that the API server takes.
const LONGEST: usize = 1024;
/// The pause between two of them.
const PAUSE: Duration = Duration::from_millis(5);
const SOURCE: &str = "kyverno-admission";

/// Takes events, and does not wait.
#[derive(Debug)]
pub(super) struct Events {
    queue: Sender<Event>,
    instance: String,
    dropped: AtomicU64,
}

/// What they are about.
pub(super) struct About {
    /// The policy, where it is still there
    pub(super) policy: ObjectReference,
    /// The object
    pub(super) resource: ObjectReference,
}

impl About {
    /// The kind of the object, and its place.
    fn name(&self, separator: &str) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let place = self.resource.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
        format!("{}{separator}{place}{}", text(&self.resource.kind), text(&self.resource.name))
    }
}

impl Events {
    /// A queue, and its other end.
    pub(super) fn new(instance: String) -> (Self, Receiver<Event>) {
        let (queue, other) = channel(QUEUED);
        (Self { queue, instance, dropped: AtomicU64::new(0) }, other)
    }

    /// What the rules of a policy have said. `exception` gives one by its key.
    pub(super) fn add(
        &self,
        about: &About,
        said: &[Said<'_>],
        refused: bool,
        exception: impl Fn(&str) -> ObjectReference,
    ) {
        // Where a request is refused, those rules that only audit are not asked.
        let said: Vec<&Said<'_>> = said.iter().filter(|s| s.enforced || !refused).collect();
        let is = |status: Status| said.iter().any(|s| s.status == status);
        if is(Status::Fail) || is(Status::Error) {
            said.iter().for_each(|s| self.violated(about, s, refused));
        } else if is(Status::Skip) {
            said.iter().filter(|_| !refused).for_each(|s| self.excepted(about, s, &exception));
        } else if !said.is_empty() {
            let name = about.name(" ");
            let (action, message) = if said.iter().all(|s| s.changes) {
                ("Resource Mutated", format!("{name} is successfully mutated"))
            } else {
                ("Resource Passed", format!("{name}: pass"))
            };
            self.send(about.policy.clone(), Some(about.resource.clone()), "PolicyApplied", action, message);
        }
    }

    fn violated(&self, about: &About, said: &Said<'_>, refused: bool) {
        if !matches!(said.status, Status::Fail | Status::Error) {
            return;
        }
        let About { policy, resource } = about;
        let (status, blocked) = (said.status.name(), if refused { " (blocked)" } else { "" });
        let message = format!("{}: [{}] {status}{blocked}; {}", about.name(" "), said.rule, said.message);
        let action = if refused { "Resource Blocked" } else { "Resource Passed" };
        self.send(policy.clone(), Some(resource.clone()), "PolicyViolation", action, message);
        if !refused {
            let message = format!("policy {}/{} {status}: {}", said.policy, said.rule, said.message);
            self.send(resource.clone(), None, "PolicyViolation", "Resource Passed", message);
        }
    }

    fn excepted(&self, about: &About, said: &Said<'_>, exception: impl Fn(&str) -> ObjectReference) {
        if said.exceptions.is_empty() {
            return;
        }
        let About { policy, resource } = about;
        let name = about.name("/");
        let place = said.namespace.map(|n| format!("{n}/")).unwrap_or_default();
        for key in said.exceptions {
            let message = format!("resource {name} was skipped from policy rule {place}{}/{}", said.policy, said.rule);
            self.send(exception(key), Some(resource.clone()), "PolicySkipped", "Resource Passed", message);
        }
        let keys = said.exceptions.join(", ");
        let message = format!("resource {name} was skipped from rule {} due to policy exceptions {keys}", said.rule);
        self.send(policy.clone(), Some(resource.clone()), "PolicySkipped", "Resource Passed", message);
    }

    fn send(
        &self,
        regarding: ObjectReference,
        related: Option<ObjectReference>,
        reason: &str,
        action: &str,
        note: String,
    ) {
        let now = Timestamp::now();
        let namespace = regarding.namespace.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| "default".to_owned());
        let name = format!("{}.{:x}", sanitized(regarding.name.as_deref().unwrap_or_default()), now.as_nanosecond());
        let kind = if reason == "PolicyViolation" { "Warning" } else { "Normal" };
        let event = Event {
            metadata: ObjectMeta { name: Some(name), namespace: Some(namespace), ..ObjectMeta::default() },
            event_time: Some(MicroTime(now)),
            action: Some(action.to_owned()),
            reason: Some(reason.to_owned()),
            note: Some(shortened(note)),
            type_: Some(kind.to_owned()),
            regarding: Some(regarding),
            related,
            reporting_controller: Some(SOURCE.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        };
        if self.queue.try_send(event).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                warn!(dropped, "events are dropped, there are too many");
            }
        }
    }
}

/// The object of a request.
pub(super) fn resource(review: &Review<'_>) -> ObjectReference {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ObjectReference {
        api_version: Some(review.kind.api_version()),
        kind: some(&review.kind.name),
        name: some(&review.name),
        namespace: some(&review.namespace),
        ..ObjectReference::default()
    }
}

/// A name that events may have: those of roles and the like have more characters.
fn sanitized(name: &str) -> String {
    let mut name: String = name
        .to_lowercase()
        .chars()
        .map(|c| if matches!(c, 'a'..='z' | '0'..='9' | '.' | '-') { c } else { '-' })
        .collect();
    if name.starts_with(['.', '-']) {
        name.insert(0, 'a');
    }
    if name.ends_with(['.', '-']) {
        name.push('z');
    }
    name
}

fn shortened(mut note: String) -> String {
    if note.len() > LONGEST {
        let end = (0..=LONGEST - 3).rev().find(|at| note.is_char_boundary(*at)).unwrap_or_default();
        note.truncate(end);
        note.push_str("...");
    }
    note
}

/// Writes what is queued, one after the other.
pub(super) async fn write(client: Client, mut queue: Receiver<Event>) {
    while let Some(event) = queue.recv().await {
        let namespace = event.metadata.namespace.clone().unwrap_or_default();
        let api: Api<Event> = Api::namespaced(client.clone(), &namespace);
        if let Err(e) = api.create(&PostParams::default(), &event).await {
            warn!(error = %e, reason = event.reason, "an event cannot be written");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(said: &[(Status, bool, &[String])], refused: bool) -> Vec<(String, String)> {
        let (events, mut queue) = Events::new("me".to_owned());
        let reference = |kind: &str, name: &str, namespace: Option<&str>| ObjectReference {
            kind: Some(kind.to_owned()),
            name: Some(name.to_owned()),
            namespace: namespace.map(str::to_owned),
            ..ObjectReference::default()
        };
        let about = About { policy: reference("ClusterPolicy", "p", None), resource: reference("Pod", "a", Some("b")) };
        let said: Vec<Said<'_>> = said
            .iter()
            .map(|(status, enforced, exceptions)| Said {
                policy: "p",
                namespace: None,
                rule: "r",
                changes: false,
                status: *status,
                enforced: *enforced,
                message: "no",
                exceptions,
            })
            .collect();
        events.add(&about, &said, refused, |key| reference("PolicyException", key, None));
        std::iter::from_fn(|| queue.try_recv().ok())
            .map(|e| (e.regarding.and_then(|r| r.kind).unwrap_or_default(), e.note.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn violations_are_told_of_the_policy_and_of_the_object() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let (fail, pass, skip) = (Status::Fail, Status::Pass, Status::Skip);
        let blocked = [pair("ClusterPolicy", "Pod b/a: [r] fail (blocked); no")];
        assert_eq!(sent(&[(fail, true, &[]), (fail, false, &[]), (pass, true, &[])], true), blocked);
        let audited = [pair("ClusterPolicy", "Pod b/a: [r] fail; no"), pair("Pod", "policy p/r fail: no")];
        assert_eq!(sent(&[(fail, false, &[])], false), audited);
        assert_eq!(sent(&[(pass, true, &[]), (pass, true, &[])], false), [pair("ClusterPolicy", "Pod b/a: pass")]);
        assert!(sent(&[(pass, true, &[]), (skip, true, &[])], false).is_empty());
        let excepted = [
            pair("PolicyException", "resource Pod/b/a was skipped from policy rule p/r"),
            pair("ClusterPolicy", "resource Pod/b/a was skipped from rule r due to policy exceptions b/e"),
        ];
        assert_eq!(sent(&[(skip, true, &["b/e".to_owned()])], false), excepted);
    }

    #[test]
    fn names_of_events_are_those_of_domains() {
        assert_eq!(["system:Node", ":a:", "a.b-c"].map(sanitized), ["system-node", "a-a-z", "a.b-c"]);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(shortened("ä".repeat(600)).len(), 1023);
    }
}
