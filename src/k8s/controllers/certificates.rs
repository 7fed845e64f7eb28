//! The certificate of the server and who signed it, in Secrets that all replicas read and the leader writes.
//!
//! Kyverno: pkg/tls and pkg/controllers/certmanager, with the same times. The key of the authority stays when its
//! certificate is renewed, so that what it signed before stays valid.

use crate::serve::Certificate;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::PostParams;
use kyvc_vm::builtin::x509::expiries;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::collections::BTreeMap;

const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
/// Says for which names the certificate in a Secret was made.
const NAMES: &str = "kyvc.io/certificate-names";
/// Says that a Secret is ours to write.
const MANAGED_BY: &str = "cert.kyverno.io/managed-by";
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Certificates begin a while ago, for clocks that are late.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
const DAYS_OF_AUTHORITY: i32 = 365;
const DAYS_OF_SERVER: i32 = 150;
/// How long before its end a certificate is renewed.
const DAYS_LEFT: i32 = 15;

/// Where the Secrets are, and for whom the certificate is.
pub(super) struct Certificates {
    pub(super) api: Api<Secret>,
    pub(super) authority: String,
    pub(super) server: String,
    /// Names and addresses of the server; the first is its common name
    pub(super) names: Vec<String>,
}

/// What has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewed {
    Nothing,
    /// There is a new authority with a new key: nobody trusts it yet
    Authority,
    /// There is a new certificate
    Server,
}

impl Certificates {
    /// Renews what has to be. A new key of the authority ends the turn: the certificate follows when the API server
    /// has been told whom to trust. `known` are the certificates of authorities that were in use before.
    ///
    /// # Errors
    /// Says what could not be read or written.
    pub(super) async fn renew(&self, known: &str) -> Result<Renewed, String> {
        let now = Timestamp::now();
        let found = self.api.get_opt(&self.authority).await.map_err(|e| e.to_string())?;
        let key = found.as_ref().and_then(|s| text(s, KEY)).map(|pem| KeyPair::from_pem(&pem));
        let bundle = found.as_ref().and_then(|s| text(s, CERTIFICATE)).unwrap_or_default();
        let living = living(&bundle, now).map_err(|e| format!("secret {}: {e}", self.authority))?;
        let (key, new_key) = match key.transpose().map_err(|e| format!("secret {}: {e}", self.authority))? {
            Some(key) => (key, false),
            None => (KeyPair::generate().map_err(|e| e.to_string())?, true),
        };
        if new_key || living.last().is_none_or(|(_, end)| *end < now + DAY * DAYS_LEFT) {
            let made = authority(now).self_signed(&key).map_err(|e| e.to_string())?.pem();
            let before: String =
                if new_key { known.to_owned() } else { living.into_iter().map(|(pem, _)| pem).collect() };
            self.write(&self.authority, found, &format!("{before}{made}"), &key, "").await?;
            let server = self.api.get_opt(&self.server).await.map_err(|e| e.to_string())?;
            if new_key && server.is_some() {
                return Ok(Renewed::Authority);
            }
        }
        self.renew_server(now, &key).await
    }

    async fn renew_server(&self, now: Timestamp, authority_key: &KeyPair) -> Result<Renewed, String> {
        let found = self.api.get_opt(&self.server).await.map_err(|e| e.to_string())?;
        let names = self.names.join(",");
        // The same key has the same authority.
        let signed_by = kyvc_vm::builtin::encode_base64(authority_key.public_key_raw());
        let made_for = format!("{names};{signed_by}");
        let is_good = found.as_ref().is_some_and(|secret| {
            let pem = text(secret, CERTIFICATE).unwrap_or_default();
            let named = secret.metadata.annotations.as_ref().and_then(|a| a.get(NAMES)).is_none_or(|n| *n == made_for);
            named && living(&pem, now + DAY * DAYS_LEFT).is_ok_and(|l| !l.is_empty())
        });
        if is_good {
            return Ok(Renewed::Nothing);
        }
        let key = KeyPair::generate().map_err(|e| e.to_string())?;
        let issuer = Issuer::new(authority(now), authority_key);
        let params = server(now, &self.names).map_err(|e| e.to_string())?;
        let made = params.signed_by(&key, &issuer).map_err(|e| e.to_string())?;
        self.write(&self.server, found, &made.pem(), &key, &made_for).await?;
        Ok(Renewed::Server)
    }

    async fn write(
        &self,
        name: &str,
        before: Option<Secret>,
        certificate: &str,
        key: &KeyPair,
        made_for: &str,
    ) -> Result<(), String> {
        let managed =
            |m: &ObjectMeta| m.labels.as_ref().is_some_and(|l| l.get(MANAGED_BY).is_some_and(|v| v == "kyverno"));
        if before.as_ref().is_some_and(|s| !managed(&s.metadata)) {
            return Err(format!(
                "secret {name}: its certificate is not valid any more, and without the label {MANAGED_BY}=kyverno it is not renewed here"
            ));
        }
        let version = before.and_then(|s| s.metadata.resource_version);
        let annotations = (!made_for.is_empty()).then(|| BTreeMap::from([(NAMES.to_owned(), made_for.to_owned())]));
        let bytes = |text: String| ByteString(text.into_bytes());
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                resource_version: version.clone(),
                labels: Some(BTreeMap::from([(MANAGED_BY.to_owned(), "kyverno".to_owned())])),
                annotations,
                ..ObjectMeta::default()
            },
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(BTreeMap::from([
                (CERTIFICATE.to_owned(), bytes(certificate.to_owned())),
                (KEY.to_owned(), bytes(key.serialize_pem())),
            ])),
            ..Secret::default()
        };
        let params = PostParams::default();
        let written = match version {
            None => self.api.create(&params, &secret).await,
            Some(_) => self.api.replace(name, &params, &secret).await,
        };
        written.map(|_| ()).map_err(|e| format!("secret {name}: {e}"))
    }
}

/// A text in a Secret.
pub(super) fn text(secret: &Secret, key: &str) -> Option<String> {
    let bytes = &secret.data.as_ref()?.get(key)?.0;
    String::from_utf8(bytes.clone()).ok()
}

/// The certificates that an API server has to trust, as PEM.
pub(super) fn bundle(secret: &Secret) -> Option<String> {
    text(secret, CERTIFICATE).or_else(|| text(secret, "rootCA.crt")).filter(|t| !t.trim().is_empty())
}

/// The certificate of the server.
pub(super) fn certificate(secret: &Secret) -> Result<Certificate, String> {
    let name = secret.metadata.name.as_deref().unwrap_or_default();
    let part = |key| text(secret, key).unwrap_or_default();
    Certificate::from_pem(name, part(CERTIFICATE).as_bytes(), part(KEY).as_bytes()).map_err(|e| e.to_string())
}

/// The certificates of a text that have not ended at a time, and when they do.
fn living(pem: &str, at: Timestamp) -> Result<Vec<(String, Timestamp)>, String> {
    let all = expiries(pem)?;
    let timed = all.into_iter().filter_map(|(pem, end)| Some((pem, end.parse::<Timestamp>().ok()?)));
    Ok(timed.filter(|(_, end)| *end > at).collect())
}

fn valid(params: &mut CertificateParams, now: Timestamp, days: i32) {
    let time = |t: Timestamp| {
        let date = t.to_zoned(k8s_openapi::jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = time(now - BEFORE);
    params.not_after = time(now + DAY * (days + 1));
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// The authority, which signs itself. All of its certificates have one name.
fn authority(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name("*.kyverno.svc");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    valid(&mut params, now, DAYS_OF_AUTHORITY);
    params
}

fn server(now: Timestamp, names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = common_name(names.first().map_or("kyvc", String::as_str));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, now, DAYS_OF_SERVER);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_end_when_they_should() {
        let now: Timestamp = "2026-03-04T05:06:07Z".parse().unwrap();
        let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let of_authority = authority(now).self_signed(&authority_key).unwrap().pem();
        let params = server(now, &["kyvc-svc.kyvc.svc".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let of_server = params.signed_by(&key, &Issuer::new(authority(now), &authority_key)).unwrap().pem();
        let ends = |pem: &str| expiries(pem).unwrap().into_iter().map(|(_, end)| end).collect::<Vec<_>>();
        assert_eq!(ends(&of_authority), ["2027-03-05T00:00:00Z"]);
        assert_eq!(ends(&format!("{of_authority}{of_server}")), ["2027-03-05T00:00:00Z", "2026-08-02T00:00:00Z"]);
        let both = format!("{of_authority}{of_server}");
        assert_eq!(living(&both, "2026-09-01T00:00:00Z".parse().unwrap()).unwrap()[0].0.trim(), of_authority.trim());
        assert!(living("something else", now).is_err());
    }
}
