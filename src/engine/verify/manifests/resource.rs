//! An object whose manifest was signed.
//!
//! k8s-manifest-sigstore: pkg/k8smanifest/verify_resource.go.

use super::super::super::host::Host;
use super::Annotations;
use super::flat::flat;
use super::ignored::{self, Binding, Patterns};
use super::signature::{self, Signer, Unsigned};
use super::{archive, diff, search};
use kyvc_vm::builtin::decode_base64;
use kyvc_vm::builtin::images::Image;
use kyvc_vm::document::Document;

/// An object, and how it is compared with what was signed.
pub(super) struct Resource<'r> {
    object: &'r Document<'r>,
    /// Its annotations; none where one of them is no text
    pub(super) annotations: Annotations,
    domain: String,
    ignored: Vec<Binding>,
    /// The image with the manifest, where there is one
    pub(super) repository: String,
}

/// What was found out of an object.
pub(super) enum Found {
    /// It is what was signed, by who has to have signed it
    Signed,
    /// Its signature or its manifest is missing
    Missing(String),
    /// It is not what was signed, or the signer is another one
    Different(Option<String>),
}

impl<'r> Resource<'r> {
    pub(super) fn new(object: &'r Document<'r>, domain: String, ignored: Vec<Binding>, repository: String) -> Self {
        Self { object, annotations: annotations(object).unwrap_or_default(), domain, ignored, repository }
    }

    /// Whether the object is what somebody signed.
    ///
    /// # Errors
    /// Where that cannot be found out, or the signature is bad.
    pub(super) fn verify(&mut self, signer: &Signer, host: &dyn Host) -> Result<Found, String> {
        let at = |name: &str| self.annotations.get(&format!("{}/{name}", self.domain));
        if let Some(written) = at("resourceBundleRef") {
            self.repository.clone_from(written);
        }
        let nowhere = |why: &str| format!("YAML manifest not found for this resource: {why}");
        if !self.repository.is_empty() {
            let image = Image::parse(&self.repository)?;
            return Err(nowhere(&host.bundle(&image).text));
        }
        let Some(message) = at("message") else { return Ok(Found::Missing(nowhere("message not found"))) };
        let bytes = decode_base64(message.as_bytes()).map_err(|at| {
            let what = "failed to decode base64 message in the annotation";
            nowhere(&format!("{what}: illegal base64 data at input byte {at}"))
        })?;
        let text = archive::manifests(&bytes)
            .map_err(|why| nowhere(&format!("failed to read YAMLs in the gzipped message: {why}")))?;
        let named = search::named(self.object).unwrap_or_default();
        let mut fields = ignored::fields(&named, &self.ignored, &self.domain);
        let manifests = search::manifests(&text, self.object, &mut fields);
        if manifests.is_empty() {
            return Ok(Found::Missing(nowhere("failed to find a YAML manifest in the gzipped message")));
        }
        let (object, ignored) = (flat(self.object, None), Patterns::of_prefixes(&fields));
        let differences = manifests.iter().map(|manifest| diff::diff(manifest, &object, &ignored));
        // The first one is told where there is none without.
        let difference = differences.reduce(|first, next| next.and(first)).flatten();
        let unlogged = || host.unlogged();
        match signature::verify(&self.annotations, &self.domain, message, signer, &unlogged) {
            Err(Unsigned::Missing) => Ok(Found::Missing("failed to verify signature: signature not found".to_owned())),
            Err(Unsigned::Wrong(why)) => Err(format!("failed to verify signature: {why}")),
            Ok(()) if difference.is_none() && signer.may_be_nameless() => Ok(Found::Signed),
            Ok(()) => Ok(Found::Different(difference)),
        }
    }
}

fn annotations(object: &Document<'_>) -> Option<Annotations> {
    let at = object.get_str(object.get_str(object.root()?, "metadata")?, "annotations")?;
    object
        .entries(at)
        .map(|(key, value)| Some((object.key_text(key).to_owned(), object.as_str(value)?.to_owned())))
        .collect()
}
