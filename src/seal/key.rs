//! Ed25519 keys (RFC 8032) and their files: PKCS#8 (RFC 5958) and SPKI (RFC 8410), both as PEM, so that
//! OpenSSL reads what is written here and the other way round.
//!
//! A private key is encrypted with PBES2 (RFC 8018): PBKDF2-HMAC-SHA256 and AES-256-CBC. A file that asks
//! for absurd work is refused before any work is done. A public key of small order is refused: with such a
//! key a signature verifies over messages that nobody signed. No other algorithm is read; an OpenSSH key
//! file is not PKCS#8 and is refused.

use crate::model::text::hex;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use pkcs8::der::pem::{self, LineEnding};
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// The largest key file that is read, in bytes.
pub const MOST_FILE: u64 = 64 * 1024;
/// Rounds of PBKDF2 in a key file written here (OWASP's figure for HMAC-SHA256).
const ROUNDS: u32 = 600_000;
/// Fewer rounds than this are worth a warning.
const FEW_ROUNDS: u32 = 100_000;
/// More rounds than this are an attack on whoever opens the file.
const MOST_ROUNDS: u32 = 10_000_000;
/// The most memory scrypt may ask for, in bytes.
const MOST_MEMORY: u64 = 64 << 20;

const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// What comes before the 32 bytes of the key in a SubjectPublicKeyInfo: the structure has one form only.
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const PUBLIC: &str = "PUBLIC KEY";
const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Encodings of the points of small order, without the sign bit; the last two are not canonical.
const SMALL_ORDER: [[u8; 32]; 7] = {
    let mut p = [0xff; 32];
    p[31] = 0x7f;
    let (mut minus_one, mut zero, mut one) = (p, p, p);
    minus_one[0] = 0xec;
    zero[0] = 0xed;
    one[0] = 0xee;
    let mut small_one = [0; 32];
    small_one[0] = 1;
    let order_8 = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    let other_order_8 = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    [[0; 32], small_one, order_8, other_order_8, minus_one, zero, one]
};

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// It is not one PEM block of the expected kind.
    NotAKey(&'static str),
    /// It is a key of another algorithm.
    OtherAlgorithm,
    /// A public key of small order.
    Weak,
    /// The private key is encrypted and no passphrase was given.
    NeedsPassphrase,
    /// The private key stands in the file unprotected, and the caller does not allow that.
    Unprotected,
    /// The passphrase is wrong or the file is damaged: which of the two is not told.
    NotOpened,
    /// Opening it would take absurd time or memory.
    TooCostly,
    /// The cryptographic module refused.
    Module,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::NotAKey(what) => write!(f, "not a PEM file with one {what}"),
            KeyError::OtherAlgorithm => f.write_str("not an Ed25519 key"),
            KeyError::Weak => f.write_str("a key of small order, with which anybody could sign"),
            KeyError::NeedsPassphrase => {
                f.write_str("the private key is encrypted and no passphrase was given")
            }
            KeyError::Unprotected => f.write_str("the private key is not encrypted"),
            KeyError::NotOpened => f.write_str("the passphrase is wrong or the key file is damaged"),
            KeyError::TooCostly => f.write_str("the key file asks for more work than any honest one does"),
            KeyError::Module => f.write_str("the cryptographic module failed"),
        }
    }
}

impl std::error::Error for KeyError {}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of that encoding (RFC 8032, 5.1.2).
    ///
    /// # Errors
    /// If its order is small.
    pub fn from_bytes(raw: [u8; 32]) -> Result<PublicKey, KeyError> {
        let mut unsigned = raw;
        unsigned[31] &= 0x7f;
        if SMALL_ORDER.contains(&unsigned) { Err(KeyError::Weak) } else { Ok(PublicKey(raw)) }
    }

    /// Reads a `PUBLIC KEY` file.
    ///
    /// # Errors
    /// If it is anything else, or the key cannot be used.
    pub fn from_pem(text: &[u8]) -> Result<PublicKey, KeyError> {
        let not = KeyError::NotAKey("public key (`-----BEGIN PUBLIC KEY-----`)");
        let (label, der) = pem::decode_vec(text).map_err(|_| not)?;
        if label != PUBLIC {
            return Err(not);
        }
        let raw = der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::OtherAlgorithm)?;
        PublicKey::from_bytes(raw.try_into().map_err(|_| not)?)
    }

    /// The `PUBLIC KEY` file, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        pem::encode_string(PUBLIC, LineEnding::LF, &self.der()).map_err(|_| KeyError::Module)
    }

    /// The SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        [&SPKI_HEAD[..], &self.0].concat()
    }

    /// SHA-256 of [`PublicKey::der`] in lower-case hex. It equals what
    /// `openssl pkey -pubin -in FILE -outform DER | sha256sum` prints.
    #[must_use]
    pub fn id(&self) -> String {
        hex(Sha256::digest(self.der()))
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether that signature over that message was made with this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A private key.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
    weakly_protected: bool,
}

impl SigningKey {
    /// A new key from the random source of the operating system.
    ///
    /// # Errors
    /// If that source fails.
    pub fn generate() -> Result<SigningKey, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed).map_err(|_| KeyError::Module)?;
        SigningKey::from_seed(&seed)
    }

    /// The key of that seed, the 32 bytes RFC 8032 calls the private key.
    ///
    /// # Errors
    /// If the cryptographic module refuses.
    pub fn from_seed(seed: &[u8; 32]) -> Result<SigningKey, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Module)?;
        let raw = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Module)?;
        Ok(SigningKey { public: PublicKey::from_bytes(raw)?, pair, weakly_protected: false })
    }

    /// Reads a `PRIVATE KEY` or `ENCRYPTED PRIVATE KEY` file. `passphrase` is asked only for the latter.
    ///
    /// # Errors
    /// If the file is none of them, the key is not Ed25519, it is unencrypted and `allow_plaintext` is not
    /// set, or it cannot be opened.
    pub fn from_pem(
        text: &[u8],
        passphrase: Option<&[u8]>,
        allow_plaintext: bool,
    ) -> Result<SigningKey, KeyError> {
        let not = KeyError::NotAKey("private key in PKCS#8 (`-----BEGIN ENCRYPTED PRIVATE KEY-----`)");
        let (label, der) = pem::decode_vec(text).map_err(|_| match is_encrypted(text) {
            true => KeyError::NotOpened,
            false => not,
        })?;
        let der = Zeroizing::new(der);
        match label {
            PLAIN if allow_plaintext => SigningKey::from_pkcs8(&der, not),
            PLAIN => Err(KeyError::Unprotected),
            ENCRYPTED => {
                let passphrase = passphrase.ok_or(KeyError::NeedsPassphrase)?;
                let closed =
                    EncryptedPrivateKeyInfoRef::try_from(&der[..]).map_err(|_| KeyError::NotOpened)?;
                let weakly_protected = weakly(&closed)?;
                let open = closed.decrypt(passphrase).map_err(|_| KeyError::NotOpened)?;
                let key = SigningKey::from_pkcs8(open.as_bytes(), KeyError::NotOpened)?;
                Ok(SigningKey { weakly_protected, ..key })
            }
            _ => Err(not),
        }
    }

    fn from_pkcs8(der: &[u8], not: KeyError) -> Result<SigningKey, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| not)?;
        if info.algorithm.oid != ED25519_OID {
            return Err(KeyError::OtherAlgorithm);
        }
        // RFC 8410, section 7: an OCTET STRING of 32 bytes inside the OCTET STRING.
        let seed = info.private_key.as_bytes().strip_prefix(&[0x04, 0x20]).ok_or(not)?;
        SigningKey::from_seed(seed.try_into().map_err(|_| not)?)
    }

    /// The key as an `ENCRYPTED PRIVATE KEY` file.
    ///
    /// # Errors
    /// If the random source fails.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        rand::fill(&mut salt).map_err(|_| KeyError::Module)?;
        rand::fill(&mut iv).map_err(|_| KeyError::Module)?;
        let plain = self.pair.to_pkcs8v1().map_err(|_| KeyError::Module)?;
        let info = PrivateKeyInfoRef::try_from(plain.as_ref()).map_err(|_| KeyError::Module)?;
        let parameters =
            Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv).map_err(|_| KeyError::Module)?;
        let closed = info.encrypt_with_params(parameters, passphrase).map_err(|_| KeyError::Module)?;
        closed.to_pem(ENCRYPTED, LineEnding::LF).map_err(|_| KeyError::Module)
    }

    /// The key as an unencrypted `PRIVATE KEY` file.
    ///
    /// # Errors
    /// If the cryptographic module refuses.
    pub fn to_plain_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let plain = self.pair.to_pkcs8v1().map_err(|_| KeyError::Module)?;
        let text = pem::encode_string(PLAIN, LineEnding::LF, plain.as_ref()).map_err(|_| KeyError::Module)?;
        Ok(Zeroizing::new(text))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Whether the file it came from is so cheap to try passphrases on that it should be written anew.
    #[must_use]
    pub fn weakly_protected(&self) -> bool {
        self.weakly_protected
    }

    /// The signature over a message: 64 bytes, the same each time.
    ///
    /// # Errors
    /// If the cryptographic module refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.pair.try_sign(message).map_err(|_| KeyError::Module)?.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id())
    }
}

/// Whether a private key file says that it is encrypted, so that its passphrase must be asked for.
#[must_use]
pub fn is_encrypted(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----").is_some()
}

/// Whether the derivation is cheap; refuses one that is absurdly dear.
fn weakly(closed: &EncryptedPrivateKeyInfoRef<'_>) -> Result<bool, KeyError> {
    let parameters = closed.encryption_algorithm.pbes2().ok_or(KeyError::NotOpened)?;
    match &parameters.kdf {
        Kdf::Pbkdf2(p) if p.iteration_count > MOST_ROUNDS => Err(KeyError::TooCostly),
        Kdf::Pbkdf2(p) => Ok(p.iteration_count < FEW_ROUNDS),
        Kdf::Scrypt(s) => {
            // 128 * N * r bytes, and the work of that p times over.
            let blocks = u64::from(s.block_size).saturating_mul(u64::from(s.parallelization));
            let cost = s.cost_parameter.saturating_mul(128).saturating_mul(blocks);
            if cost > MOST_MEMORY { Err(KeyError::TooCostly) } else { Ok(false) }
        }
        _ => Err(KeyError::NotOpened),
    }
}
