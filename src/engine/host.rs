//! What a policy set asks of the world around it while a request is evaluated.

use super::verify::Asked;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::verdict::Offers;
use std::time::Instant;

/// Answers what rules ask for beyond the request. The machine does no input or output of its own.
///
/// The command line answers from files, the webhook from a cluster. Answers are JSON texts; a refusal is told in the
/// rule's message.
pub trait Host {
    /// What can be asked. Context entries that need anything else are not there, and their names stay unbound.
    fn offers(&self) -> Offers {
        Offers::default()
    }

    /// Names that are bound for a rule by somebody else, as one JSON object.
    fn given(&self, policy: &str, rule: &str) -> Option<String> {
        let _ = (policy, rule);
        None
    }

    /// Why the context of a rule that matches cannot be loaded, as far as the host knows beforehand.
    fn stops(&self, policy: &str, rule: &str) -> Option<String> {
        let _ = (policy, rule);
        None
    }

    /// The objects that a rule is to change besides the one it is about, as JSON. There is no answer where nobody changes
    /// other objects now; the rule then says nothing.
    ///
    /// # Errors
    /// Says why they are not known, in the words that follow Kyverno's own.
    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        let _ = selector;
        None
    }

    /// Verifies a signature or an attestation of an image, and gives its digest.
    ///
    /// # Errors
    /// Says why it is not verified, in Kyverno's words.
    fn verify(&self, asked: &Asked<'_>) -> Result<String, Refused> {
        Err(Refused::text(format!("nobody verifies {}", asked.image())))
    }

    /// Why the signed manifests that an image holds cannot be had, in Kyverno's words.
    fn bundle(&self, image: &Image) -> Refused {
        Refused::text(format!("nobody has the manifests in {}", image.reference()))
    }

    /// The key that is at an address; nothing where none is.
    fn key(&self, address: &str) -> Option<String> {
        let _ = address;
        None
    }

    /// Why the transparency log of signatures cannot be asked, in Kyverno's words.
    fn unlogged(&self) -> String {
        "nobody asks the transparency log".to_owned()
    }

    /// The digest of an image.
    ///
    /// # Errors
    /// Says why it is not known, in Kyverno's words.
    fn digest(&self, image: &Image) -> Result<String, Refused> {
        Err(Refused::text(format!("nobody knows the digest of {}", image.reference())))
    }

    /// Answers a question.
    ///
    /// # Errors
    /// Says why there is no answer, in the words that follow Kyverno's own.
    fn ask(&self, question: &Question) -> Result<String, String> {
        Err(format!("nobody answers questions about {}", question.about()))
    }

    /// Answers a question by a time, after which nobody needs the answer. Whoever waits for others to answer should not wait
    /// longer.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    fn ask_until(&self, question: &Question, until: Instant) -> Result<String, String> {
        let _ = until;
        self.ask(question)
    }
}

/// A host that is only asked until a time.
pub struct Until<'h> {
    /// The host
    pub host: &'h dyn Host,
    /// The time
    pub until: Instant,
}

/// What Kyverno's calls say where the time of their request is over.
const OVER: &str = "context deadline exceeded";

impl Until<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn refused(&self) -> Option<Refused> {
        self.is_over().then(|| Refused { text: OVER.to_owned(), network: true })
    }
}

impl Host for Until<'_> {
    fn offers(&self) -> Offers {
        self.host.offers()
    }

    fn given(&self, policy: &str, rule: &str) -> Option<String> {
        self.host.given(policy, rule)
    }

    fn stops(&self, policy: &str, rule: &str) -> Option<String> {
        self.host.stops(policy, rule)
    }

    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        if self.is_over() { Some(Err(OVER.to_owned())) } else { self.host.targets(selector) }
    }

    fn verify(&self, asked: &Asked<'_>) -> Result<String, Refused> {
        self.refused().map_or_else(|| self.host.verify(asked), Err)
    }

    fn bundle(&self, image: &Image) -> Refused {
        self.refused().unwrap_or_else(|| self.host.bundle(image))
    }

    fn key(&self, address: &str) -> Option<String> {
        if self.is_over() { None } else { self.host.key(address) }
    }

    fn unlogged(&self) -> String {
        self.host.unlogged()
    }

    fn digest(&self, image: &Image) -> Result<String, Refused> {
        self.refused().map_or_else(|| self.host.digest(image), Err)
    }

    fn ask(&self, question: &Question) -> Result<String, String> {
        if self.is_over() { Err(OVER.to_owned()) } else { self.host.ask_until(question, self.until) }
    }

    fn ask_until(&self, question: &Question, until: Instant) -> Result<String, String> {
        if self.is_over() { Err(OVER.to_owned()) } else { self.host.ask_until(question, until.min(self.until)) }
    }
}

/// Why an image is not verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The reason
    pub text: String,
    /// Whether a network is the reason, and nothing is known of the image
    pub network: bool,
}

impl Refused {
    /// A reason that is not the network.
    pub fn text(text: String) -> Self {
        Self { text, network: false }
    }

    /// Several reasons as one.
    pub(super) fn all(reasons: Vec<Self>) -> Self {
        let texts: Vec<&str> = reasons.iter().map(|r| r.text.as_str()).collect();
        Self { text: texts.join("; "), network: reasons.iter().any(|r| r.network) }
    }
}

/// Which objects a rule changes besides the one it is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetSelector {
    /// The API version, with wildcards
    pub api_version: String,
    /// The kind, with wildcards and maybe a subresource
    pub kind: String,
    /// The namespace, with wildcards; empty for any
    pub namespace: String,
    /// The name, with wildcards; empty for any
    pub name: String,
    /// A label selector, as JSON
    pub labels: Option<String>,
}

/// A question to the host.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// A ConfigMap: an object with `data` and `metadata` is expected
    ConfigMap {
        /// Its namespace
        namespace: String,
        /// Its name
        name: String,
    },
    /// A call to the API server or to a service: its response is expected
    ApiCall(ApiCall),
    /// An image: what its registry says of it is expected
    ImageData {
        /// Its name as it is written
        reference: String,
        /// `imageRegistryCredentials`, as JSON
        credentials: String,
    },
    /// An entry of the global context
    GlobalContext {
        /// Its name
        name: String,
        /// The name of a projection, empty for the whole
        projection: String,
    },
}

impl Question {
    /// What it is about, in a word.
    pub fn about(&self) -> &'static str {
        match self {
            Question::ConfigMap { .. } => "config maps",
            Question::ApiCall(_) => "API calls",
            Question::ImageData { .. } => "images",
            Question::GlobalContext { .. } => "the global context",
        }
    }
}

/// A call to the API server, or to a service where there is one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiCall {
    /// The context entry's name
    pub entry: String,
    /// The path at the API server, empty for a service
    pub url_path: String,
    /// `GET` or `POST`
    pub method: String,
    /// What is sent, as JSON
    pub data: String,
    /// The service
    pub service: Option<Service>,
}

/// A web service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its address
    pub url: String,
    /// Headers to send
    pub headers: Vec<(String, String)>,
    /// Certificates to trust, as PEM; empty for those of the system
    pub ca_bundle: String,
}

/// A host that knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {}
