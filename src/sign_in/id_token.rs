//! ID tokens (OpenID Connect Core 3.1.3.7): signatures of RS256 and ES256 and the claims that must be there. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::Refused;

/// How far the provider's clock may be off, in seconds.
const SKEW: f64 = 30.0;

/// A key that a provider signs with.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    /// RS256: modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// ES256: the uncompressed point.
    P256(Vec<u8>),
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Seconds since 1970.
    pub now: f64,
}

impl Key {
    /// The usable keys of a JWK set; others are passed over.
    pub fn read_all(set: &Value) -> Vec<Self> {
        set.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(Self::read).collect()
    }

    fn read(jwk: &Value) -> Option<Self> {
        let text = |key: &str| jwk.get(key).and_then(Value::as_str);
        let bytes = |key: &str| URL_SAFE_NO_PAD.decode(text(key)?.trim_end_matches('=')).ok();
        if text("use").is_some_and(|what| what != "sig") {
            return None;
        }
        let (algorithm, material) = match text("kty")? {
            "RSA" => ("RS256", Material::Rsa(bytes("n")?, bytes("e")?)),
            "EC" if text("crv") == Some("P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                ("ES256", Material::P256([&[4], &x[..], &y[..]].concat()))
            }
            _ => return None,
        };
        if text("alg").is_some_and(|named| named != algorithm) {
            return None;
        }
        Some(Self { id: text("kid").map(str::to_owned), material })
    }

    fn algorithm(&self) -> &'static str {
        match self.material {
            Material::Rsa(..) => "RS256",
            Material::P256(_) => "ES256",
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa(n, e) => {
                // Some providers write leading zeros, which ring does not take.
                let [n, e] = [n, e].map(|bytes| &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]);
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

/// The claims of a token, once its signature and all that every token must say are right.
///
/// # Errors
/// [`Refused`]; `Signature` also when none of the keys has the token's key id.
pub(super) fn verify(token: &str, keys: &[Key], expected: &Expected<'_>) -> Result<Map<String, Value>, Refused> {
    let claims = signed(token, keys)?;
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(Refused::Issuer);
    }
    if !is_for(&claims, expected.client_id) {
        return Err(Refused::Audience);
    }
    let time = |key: &str| claims.get(key).map(|value| value.as_f64().unwrap_or(f64::NAN));
    let is_past = |at: Option<f64>| at.is_none_or(|at| at <= expected.now + SKEW);
    // A time that is no number is neither past nor to come.
    if !time("exp").is_some_and(|at| at > expected.now - SKEW) || !is_past(time("iat")) || !is_past(time("nbf")) {
        return Err(Refused::Expired);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(Refused::Nonce);
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err(Refused::Answer("the ID token has no subject"));
    }
    Ok(claims)
}

/// The claims of a token that one of the keys has signed.
fn signed(token: &str, keys: &[Key]) -> Result<Map<String, Value>, Refused> {
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Form)?;
    let (header, payload) = message.split_once('.').ok_or(Refused::Form)?;
    let object = |part: &str| match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    };
    let (header, claims) = object(header).zip(object(payload)).ok_or(Refused::Form)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Form)?;
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    if header.contains_key("crit") {
        return Err(Refused::Signature);
    }
    let fits = |key: &&Key| {
        // The algorithm is the key's: a token cannot choose "none", or a MAC with a public key.
        text("alg") == Some(key.algorithm()) && text("kid").is_none_or(|id| key.id.as_deref() == Some(id))
    };
    let good = keys.iter().filter(fits).any(|key| key.has_signed(message.as_bytes(), &signature));
    good.then_some(claims).ok_or(Refused::Signature)
}

/// Whether the token was made for us, and for nobody else besides unless it says that we asked for it.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> bool {
    let authorized = claims.get("azp").map(|party| party.as_str() == Some(client_id));
    match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id && authorized != Some(false),
        Some(Value::Array(audiences)) => {
            let ours = audiences.iter().any(|audience| audience.as_str() == Some(client_id));
            ours && (authorized == Some(true) || (authorized.is_none() && audiences.len() == 1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Self {
            let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap())
        }

        fn jwk(&self, id: &str) -> Value {
            let point = self.0.public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
            json!({"kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256", "x": x, "y": y})
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
            let message = format!("{header}.{claims}");
            let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    const NOW: f64 = 1_000_000.0;

    fn claims(change: &Value) -> Value {
        let mut claims = json!({
            "iss": "https://op.test", "aud": "us", "sub": "1", "nonce": "n", "iat": NOW - 5.0, "exp": NOW + 300.0,
        });
        for (key, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(key);
            } else {
                claims[key] = value.clone();
            }
        }
        claims
    }

    fn check(token: &str, keys: &Value) -> Result<Map<String, Value>, Refused> {
        let expected = Expected { issuer: "https://op.test", client_id: "us", nonce: "n", now: NOW };
        verify(token, &Key::read_all(keys), &expected)
    }

    #[test]
    fn every_claim_counts() {
        let signer = Signer::new();
        let keys = json!({"keys": [{"kty": "OKP"}, signer.jwk("a"), 5]});
        let judged = |change: &Value| {
            check(&signer.sign(&json!({"alg": "ES256", "kid": "a"}), &claims(change)), &keys).map(drop)
        };
        for good in [
            json!({}),
            json!({"aud": ["us"]}),
            json!({"aud": ["them", "us"], "azp": "us"}),
            json!({"azp": "us"}),
            json!({"exp": NOW - 29.0}),
            json!({"iat": null}),
            json!({"iat": NOW + 29.0, "nbf": NOW}),
        ] {
            assert_eq!(judged(&good), Ok(()), "{good}");
        }
        for (bad, why) in [
            (json!({"iss": "https://op.test/"}), Refused::Issuer),
            (json!({"iss": null}), Refused::Issuer),
            (json!({"aud": "them"}), Refused::Audience),
            (json!({"aud": null}), Refused::Audience),
            (json!({"aud": []}), Refused::Audience),
            (json!({"aud": ["us", "them"]}), Refused::Audience),
            (json!({"aud": ["us", "them"], "azp": "them"}), Refused::Audience),
            (json!({"azp": "them"}), Refused::Audience),
            (json!({"azp": 5}), Refused::Audience),
            (json!({"exp": NOW - 31.0}), Refused::Expired),
            (json!({"exp": null}), Refused::Expired),
            (json!({"exp": "2000000"}), Refused::Expired),
            (json!({"iat": NOW + 60.0}), Refused::Expired),
            (json!({"iat": "x"}), Refused::Expired),
            (json!({"nbf": NOW + 60.0}), Refused::Expired),
            (json!({"nonce": "m"}), Refused::Nonce),
            (json!({"nonce": null}), Refused::Nonce),
            (json!({"nonce": ["n"]}), Refused::Nonce),
            (json!({"sub": ""}), Refused::Answer("the ID token has no subject")),
        ] {
            assert_eq!(judged(&bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn only_the_providers_keys_sign() {
        let (signer, stranger) = (Signer::new(), Signer::new());
        let keys = json!({"keys": [signer.jwk("a")]});
        let good = json!({"alg": "ES256", "kid": "a"});
        assert!(check(&signer.sign(&json!({"alg": "ES256"}), &claims(&json!({}))), &keys).is_ok());
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "HS256", "kid": "a"}),
            json!({"alg": "RS256", "kid": "a"}),
            json!({"alg": "ES256", "kid": "b"}),
            json!({"alg": "ES256", "kid": "a", "crit": ["exp"]}),
            json!({}),
        ] {
            let token = signer.sign(&header, &claims(&json!({})));
            assert_eq!(check(&token, &keys).err(), Some(Refused::Signature), "{header}");
        }
        assert_eq!(check(&stranger.sign(&good, &claims(&json!({}))), &keys).err(), Some(Refused::Signature));
        // What somebody else signed does not go with our claims.
        let (ours, other) =
            (signer.sign(&good, &claims(&json!({}))), signer.sign(&good, &claims(&json!({"sub": "2"}))));
        let mixed = format!("{}.{}", ours.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
        assert_eq!(check(&mixed, &keys).err(), Some(Refused::Signature));
        for broken in ["", ".", "..", "a.b", "a.b.c", "e30.e30", &format!("{ours}."), &ours[1..]] {
            assert!(check(broken, &keys).is_err(), "{broken}");
        }
        let unsigned = format!("{}.", ours.rsplit_once('.').unwrap().0);
        assert_eq!(check(&unsigned, &keys).err(), Some(Refused::Signature));
        // A key for something else is no key of ours.
        for change in [json!({"use": "enc"}), json!({"alg": "ES384"}), json!({"crv": "P-384"}), json!({"x": "!"})] {
            let mut jwk = signer.jwk("a");
            jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert!(Key::read_all(&json!({"keys": [jwk]})).is_empty(), "{change}");
        }
    }

    /// The example of RFC 7515, A.2.
    #[test]
    fn rs256_as_in_the_rfc() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-\
                 pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2\
                 CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9\
                 gb54h4FRWyuXpoQ";
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij\
                     p0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG\
                     bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB\
                     _eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AX\
                     LIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let keys = Key::read_all(&json!({"keys": [{"kty": "RSA", "n": n, "e": "AQAB"}]}));
        assert_eq!(signed(token, &keys).unwrap()["iss"], "joe");
        let forged = token.replacen("ImpvZSIs", "ImpvZCIs", 1);
        assert!(signed(&format!("{}x", &forged[..forged.len() - 1]), &keys).is_err());
    }
}
