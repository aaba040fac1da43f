//! Signing and verification: what is refused, and that others agree on what is good.

use domicile::report::evidence::{Evidence, escape_for_page};
use domicile::report::html;
use domicile::seal::dsse::{self, Envelope, Signature};
use domicile::seal::key::{KeyError, PublicKey, SigningKey};
use domicile::seal::refusal::Refusal;
use domicile::seal::statement::Statement;
use domicile::seal::verify::verify;
use domicile::seal::{page, sign};
use proptest::prelude::*;
use std::sync::LazyLock;

mod cli;

fn evidence() -> Evidence {
    Evidence::read(include_bytes!("../fixtures/seal/evidence.json")).unwrap()
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32]).unwrap()
}

static CORE: LazyLock<Vec<u8>> = LazyLock::new(|| html::page(&evidence()).unwrap());
static SEALED: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&CORE, &key(1)).unwrap());

fn refusal(file: &[u8]) -> Refusal {
    verify(file, &[key(1).public()]).unwrap_err().reason
}

/// Seals whatever it is given, as somebody with the right key and another program could.
fn forge(core: &[u8], statement: &Statement, change: impl FnOnce(String) -> String) -> Vec<u8> {
    let payload = change(String::from_utf8(statement.encode().unwrap()).unwrap()).into_bytes();
    let bytes = key(1).sign(&dsse::pae(&payload)).unwrap();
    let signatures = vec![Signature { key: key(1).public().id(), bytes }];
    page::join(core, &Envelope { payload, signatures }).unwrap()
}

fn statement() -> Statement {
    Statement::about(&CORE, &evidence().canonical().unwrap(), &evidence())
}

/// The seal with its envelope changed as text, wrapped again as seals are.
fn with_envelope(change: impl FnOnce(String) -> String) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    let json = page::split(&SEALED).unwrap().envelope.encode().unwrap();
    let text = Base64::encode_string(change(String::from_utf8(json).unwrap()).as_bytes());
    let lines: Vec<&str> = text.as_bytes().chunks(76).map(|c| str::from_utf8(c).unwrap()).collect();
    let mut file = CORE.clone();
    file.extend(format!("<!--DOMICILE-SEAL-V1\n{}\nDOMICILE-SEAL-END-->\n", lines.join("\n")).bytes());
    file
}

#[test]
fn a_sealed_report_is_genuine_and_another_library_agrees() {
    let genuine = verify(&SEALED, &[key(2).public(), key(1).public()]).unwrap();
    assert_eq!(genuine.by, [1]);
    assert!(genuine.unknown.is_empty() && genuine.unchecked.is_empty());
    assert_eq!(genuine.evidence, Some(evidence()));
    assert!(SEALED.starts_with(&CORE));
    assert_eq!(sign(&CORE, &key(1)).unwrap(), *SEALED, "the same inputs give the same bytes");

    let envelope = page::split(&SEALED).unwrap().envelope;
    let other = ed25519_dalek::VerifyingKey::from_bytes(key(1).public().bytes()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&envelope.signatures[0].bytes).unwrap();
    assert!(other.verify_strict(&envelope.pae(), &signature).is_ok());
    assert!(other.verify_strict(&envelope.payload, &signature).is_err());
}

#[test]
fn a_report_signed_by_another_library_is_genuine() {
    use ed25519_dalek::Signer;
    let other = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let payload = statement().encode().unwrap();
    let mut pae = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    pae.extend_from_slice(&payload);
    let bytes = other.sign(&pae).to_bytes().to_vec();
    let signatures = vec![Signature { key: key(1).public().id(), bytes }];
    assert_eq!(page::join(&CORE, &Envelope { payload, signatures }).unwrap(), *SEALED);
}

/// Runs over the positions on two threads.
fn refuse_all(file: &[u8], positions: &[usize], patterns: &[u8]) {
    let trusted = [key(1).public()];
    std::thread::scope(|scope| {
        for half in positions.chunks(positions.len().div_ceil(2)) {
            let trusted = &trusted;
            scope.spawn(move || {
                let mut copy = file.to_vec();
                for &at in half {
                    for pattern in patterns {
                        copy[at] ^= pattern;
                        assert!(verify(&copy, trusted).is_err(), "byte {at} ^ {pattern:#x} went unseen");
                        copy[at] ^= pattern;
                    }
                }
            });
        }
    });
}

/// Every byte is changed. Inside the seal by three patterns each, because there spelling is at stake; in the
/// page by one of the three in turn, because there one digest decides whichever bit it is.
#[test]
fn every_changed_byte_is_refused() {
    assert!(SEALED.len() <= 64 * 1024, "{} bytes: too many for this test", SEALED.len());
    let patterns = [0x01, 0x20, 0x80];
    for (turn, pattern) in patterns.into_iter().enumerate() {
        let positions: Vec<usize> = (turn..CORE.len()).step_by(patterns.len()).collect();
        refuse_all(&SEALED, &positions, &[pattern]);
    }
    let seal: Vec<usize> = (CORE.len()..SEALED.len()).collect();
    refuse_all(&SEALED, &seal, &patterns);
}

#[test]
fn a_large_report_is_refused_wherever_it_is_changed() {
    let mut large = evidence();
    let row = large.logs[0].clone();
    large.logs.extend((0..900).map(|i| {
        let path = format!("logs/{i}/</script><!--DOMICILE-SEAL-V1 -->");
        domicile::report::evidence::Log { path, ..row.clone() }
    }));
    let sealed = sign(&html::page(&large).unwrap(), &key(1)).unwrap();
    assert!(sealed.len() > 256 * 1024 && verify(&sealed, &[key(1).public()]).is_ok());
    let core = page::split(&sealed).unwrap().core.len();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut positions: Vec<usize> = (core..sealed.len()).collect();
    positions.extend((0..2_000).map(|_| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(core).unwrap()).unwrap()
    }));
    refuse_all(&sealed, &positions, &[0x01]);
}

#[test]
fn bytes_added_removed_or_moved_are_refused() {
    for at in (0..=SEALED.len()).step_by(97).chain(CORE.len() - 3..SEALED.len() + 1) {
        for insert in ["\n", " ", "x", "\0", "\u{1a}"] {
            let changed = [&SEALED[..at], insert.as_bytes(), &SEALED[at..]].concat();
            assert!(verify(&changed, &[key(1).public()]).is_err(), "{insert:?} at {at}");
        }
        if at < SEALED.len() {
            let changed = [&SEALED[..at], &SEALED[at + 1..]].concat();
            assert!(verify(&changed, &[key(1).public()]).is_err(), "without {at}");
            assert!(verify(&SEALED[..at], &[key(1).public()]).is_err(), "cut at {at}");
        }
    }
    let seal = &SEALED[CORE.len()..];
    let moved = String::from_utf8(CORE.clone()).unwrap();
    let moved = moved.replace("</body>", &format!("\n{}</body>", str::from_utf8(seal).unwrap()));
    assert_eq!(refusal(moved.as_bytes()), Refusal::Ending);
    assert_eq!(refusal(&[&SEALED[..], &SEALED].concat()), Refusal::SecondSeal);
    assert_eq!(refusal(&[&SEALED[..], b"\n", seal].concat()), Refusal::SecondSeal);
    assert_eq!(refusal(&[&SEALED[..], b"<!-- note -->\n"].concat()), Refusal::Ending);
    assert_eq!(refusal(&CORE), Refusal::NoSeal);
    assert_eq!(refusal(b""), Refusal::NoSeal);
    assert_eq!(refusal(b"\x1f\x8b\x08\0\0\0\0\0"), Refusal::NotUtf8);
    let utf16: Vec<u8> = str::from_utf8(&SEALED).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(verify(&utf16, &[key(1).public()]).is_err());
}

#[test]
fn damage_without_malice_is_named_and_still_refused() {
    let text = str::from_utf8(&SEALED).unwrap();
    let cause = |file: &[u8]| verify(file, &[key(1).public()]).unwrap_err().cause.unwrap_or("none");
    assert!(cause(text.replace('\n', "\r\n").as_bytes()).contains("CRLF"));
    assert!(cause(format!("\u{feff}{text}").as_bytes()).contains("byte order mark"));
    assert!(cause(format!("\u{feff}{text}").replace('\n', "\r\n").as_bytes()).contains("CRLF"));
    assert!(cause(text.trim_end().as_bytes()).contains("white space"));
    assert!(cause(format!("{text}\n").as_bytes()).contains("white space"));
    assert_eq!(cause(text.replace("<h1", "<h2").replace('\n', "\r\n").as_bytes()), "none");
}

#[test]
fn the_seal_has_one_spelling() {
    let text = str::from_utf8(&SEALED).unwrap();
    let (core, seal) = text.split_at(CORE.len());
    for (from, to) in [("\nD", "=\nD"), ("\nD", " \nD"), ("\nD", "\n\nD"), ("+", "-"), ("/", "_")] {
        let changed = format!("{core}{}", seal.replacen(from, to, 1));
        assert!(
            changed == text || verify(changed.as_bytes(), &[key(1).public()]).is_err(),
            "{from:?} {to:?}"
        );
    }
    let mut narrow: Vec<String> = seal.lines().map(str::to_owned).collect();
    let first = narrow.remove(1);
    narrow.splice(1..1, [first[..40].to_owned(), first[40..].to_owned()]);
    assert_eq!(refusal(format!("{core}{}\n", narrow.join("\n")).as_bytes()), Refusal::SealSpelling);

    assert!(verify(&with_envelope(|json| json), &[key(1).public()]).is_ok());
    let id = key(1).public().id();
    assert_eq!(refusal(&with_envelope(|j| j.replace("{\"payload\"", "{ \"payload\""))), Refusal::Envelope);
    assert_eq!(refusal(&with_envelope(|j| j.replacen('{', "{\"a\":1,", 1))), Refusal::Envelope);
    assert_eq!(
        refusal(&with_envelope(|j| j.replace("{\"keyid\"", "{\"alg\":\"none\",\"keyid\""))),
        Refusal::Envelope
    );
    assert_eq!(refusal(&with_envelope(|j| j.replacen('{', "{\"payload\":\"\",", 1))), Refusal::Envelope);
    assert_eq!(refusal(&with_envelope(|j| j.replace("in-toto+json", "in-toto"))), Refusal::PayloadType);
    assert_eq!(refusal(&with_envelope(|j| j.replace(&id, &id.to_uppercase()))), Refusal::Envelope);
    let other = key(2).public().id();
    assert_eq!(refusal(&with_envelope(|j| j.replace(&id, &other))), Refusal::Untrusted(vec![other.clone()]));
    let both = [key(1).public(), key(2).public()];
    let swapped = with_envelope(|j| j.replace(&id, &other));
    assert_eq!(verify(&swapped, &both).unwrap_err().reason, Refusal::Signature(other));
    assert_eq!(refusal(&with_envelope(|_| "[".repeat(200_000))), Refusal::Envelope);
}

#[test]
fn signatures_are_counted_by_key() {
    let split = || page::split(&SEALED).unwrap().envelope;
    let with = |signatures| page::join(&CORE, &Envelope { signatures, ..split() }).unwrap();
    let good = split().signatures[0].clone();
    assert_eq!(refusal(&with(vec![])), Refusal::SignatureCount);
    assert_eq!(refusal(&with(vec![good.clone(); 2])), Refusal::SignatureOrder);
    assert_eq!(refusal(&with(vec![good.clone(); 17])), Refusal::SignatureCount);
    for bytes in [vec![0; 64], vec![], vec![0; 70], good.bytes[..63].to_vec()] {
        let bad = with(vec![Signature { bytes, ..good.clone() }]);
        assert_eq!(refusal(&bad), Refusal::Signature(good.key.clone()));
    }
    let empty = page::join(&CORE, &Envelope { payload: vec![], ..split() }).unwrap();
    assert_eq!(refusal(&empty), Refusal::Signature(good.key.clone()));
    assert!(matches!(verify(&SEALED, &[]).unwrap_err().reason, Refusal::Untrusted(_)));

    // A second signer adds a signature; page and payload stay.
    let twice = sign(&SEALED, &key(2)).unwrap();
    let both = verify(&twice, &[key(2).public(), key(1).public()]).unwrap();
    assert_eq!((both.by.len(), both.unknown.len()), (2, 0));
    let one = verify(&twice, &[key(2).public()]).unwrap();
    assert_eq!((one.by, one.unknown), (vec![0], vec![good.key]));
    assert_eq!(page::split(&twice).unwrap().envelope.payload, split().payload);
    assert_eq!(sign(&twice, &key(2)).unwrap(), twice, "signing twice is signing once");
}

#[test]
fn the_right_key_under_the_wrong_page_is_refused() {
    let canonical = evidence().canonical().unwrap();
    // Visible cell, style and policy of the page, each signed with the right key: only rendering again tells.
    let text = str::from_utf8(&CORE).unwrap();
    for (from, to) in
        [("<h1", "<h1 hidden"), ("Content-Security-Policy", "x"), ("</style>", "tr{display:none}</style>")]
    {
        let core = text.replacen(from, to, 1).into_bytes();
        assert_ne!(core, *CORE, "{from}");
        let forged = forge(&core, &Statement::about(&core, &canonical, &evidence()), |p| p);
        assert_eq!(refusal(&forged), Refusal::PageDiffers);
        assert_eq!(sign(&core, &key(1)).unwrap_err(), Refusal::PageDiffers);
        let moved = page::join(&core, &page::split(&SEALED).unwrap().envelope).unwrap();
        assert!(matches!(refusal(&moved), Refusal::PageLength | Refusal::PageDigest));
    }
    let block = format!("{}{}</script>", html::DATA_OPEN, escape_for_page("{}"));
    let double = text.replace("</body>", &format!("{block}</body>")).into_bytes();
    let about = Statement::about(&double, &canonical, &evidence());
    assert_eq!(refusal(&forge(&double, &about, |p| p)), Refusal::EvidenceBlock);

    let says = |from: &str, to: &str| forge(&CORE, &statement(), |p| p.replace(from, to));
    let length = |n: usize| format!("\"pageBytes\":{n},");
    assert_eq!(refusal(&says(&length(CORE.len()), &length(CORE.len() + 1))), Refusal::PageLength);
    assert_eq!(refusal(&says("unable to conclude", "conforms")), Refusal::StatementDisagrees);
    assert_eq!(refusal(&says("report/v1", "report/v2")), Refusal::StatementType);
    assert_eq!(refusal(&says("[\"ed25519\"]", "[\"ed25519\",\"ml-dsa-65\"]")), Refusal::Stripped);
    assert_eq!(refusal(&says("\"predicate\":{", "\"predicate\": {")), Refusal::Statement);
    assert_eq!(refusal(&says("\"evidence.json\"", "\"evidence\"")), Refusal::EvidenceDigest);
    let unknown = says("domicile-html/1", "domicile-html/2");
    let genuine = verify(&unknown, &[key(1).public()]).unwrap();
    assert_eq!(genuine.unchecked.len(), 1, "a distinct result, not a success");
    assert!(verify(&says("\"tool\":", "\"sequence\":7,\"tool\":"), &[key(1).public()]).is_ok());
}

#[test]
fn evidence_has_one_spelling() {
    let canonical = String::from_utf8(evidence().canonical().unwrap()).unwrap();
    let created = canonical.replacen("\"created\"", " \"created\"", 1);
    let doubled = canonical.replacen('{', "{\"tool\":\"x\",", 1);
    for json in [created, doubled] {
        let block = escape_for_page(&json);
        let core = str::from_utf8(&CORE).unwrap().replace(&escape_for_page(&canonical), &block).into_bytes();
        let forged = forge(&core, &Statement::about(&core, json.as_bytes(), &evidence()), |p| p);
        assert_eq!(refusal(&forged), Refusal::Evidence);
    }
}

#[test]
fn key_files_open_with_their_passphrase_only() {
    let key = key(7);
    let text = key.to_encrypted_pem(b"correct horse").unwrap();
    let open = |text: &str, pass: Option<&[u8]>| {
        SigningKey::from_pem(text.as_bytes(), pass, false).map(|k| k.public())
    };
    assert_eq!(open(&text, Some(b"correct horse")), Ok(key.public()));
    assert_eq!(open(&text, None), Err(KeyError::NeedsPassphrase));
    assert_eq!(open(&text, Some(b"wrong horse")), Err(KeyError::NotOpened));
    let damaged = text.replace("\n-----END", "A\n-----END");
    assert_eq!(open(&damaged, Some(b"correct horse")), Err(KeyError::NotOpened));
    assert_eq!(open(&text[..150], Some(b"correct horse")), Err(KeyError::NotOpened));
    let plain = key.to_plain_pem().unwrap();
    assert_eq!(open(&plain, None), Err(KeyError::Unprotected));
    assert_eq!(SigningKey::from_pem(plain.as_bytes(), None, true).unwrap().public(), key.public());
    let public = key.public().to_pem().unwrap();
    assert_eq!(PublicKey::from_pem(public.as_bytes()), Ok(key.public()));
    assert!(matches!(PublicKey::from_pem(plain.as_bytes()), Err(KeyError::NotAKey(_))));
}

#[test]
fn keys_of_small_order_are_refused_and_honest_ones_are_not() {
    let mut weak = 0;
    for first in 0..=255u8 {
        for (rest, last) in [(0u8, 0u8), (0, 0x80), (0xff, 0x7f), (0xff, 0xff)] {
            let mut raw = [rest; 32];
            (raw[0], raw[31]) = (first, last);
            let dalek = ed25519_dalek::VerifyingKey::from_bytes(&raw);
            if dalek.is_ok_and(|k| k.is_weak()) {
                assert_eq!(PublicKey::from_bytes(raw), Err(KeyError::Weak));
                weak += 1;
            }
        }
    }
    assert!(weak >= 6, "{weak}");
    assert!((0..=255).all(|n| SigningKey::from_seed(&[n; 32]).is_ok()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_in_evidence_survives_sealing(texts in proptest::collection::vec(any::<String>(), 4)) {
        let mut e = evidence();
        let mut texts = texts.into_iter();
        e.sentence = format!("\n<!--DOMICILE-SEAL-V1\n{}", texts.next().unwrap());
        e.subject.project = texts.next().unwrap() + "</script>{{ 1 }}{% raw %}-->]]>&amp;";
        e.logs[0].path = texts.next().unwrap() + "\u{202e}\u{1b}[0m\nDOMICILE-SEAL-END-->\n";
        e.disclosures = vec![texts.next().unwrap()];
        let sealed = sign(&html::page(&e).unwrap(), &key(1)).unwrap();
        prop_assert_eq!(verify(&sealed, &[key(1).public()]).unwrap().evidence, Some(e));
    }
}
