use super::*;
use crate::inventory::testing;

/// A block with text tags and a UserComment, in either byte order.
fn block(tags: &[(u16, &str)], user: Option<&[u8]>, little: bool) -> Vec<u8> {
    let short = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
    let long = |n: usize| if little { (n as u32).to_le_bytes() } else { (n as u32).to_be_bytes() };
    let count = tags.len() + usize::from(user.is_some());
    let mut out = if little { b"II".to_vec() } else { b"MM".to_vec() };
    out.extend(short(42));
    out.extend(long(8));
    out.extend(short(count as u16));
    let mut data = 8 + 2 + count * 12 + 4;
    for (tag, text) in tags {
        out.extend(short(*tag));
        out.extend(short(2));
        out.extend(long(text.len() + 1));
        out.extend(long(data));
        data += text.len() + 1;
    }
    if user.is_some() {
        out.extend(short(EXIF_DIRECTORY));
        out.extend(short(4));
        out.extend(long(1));
        out.extend(long(data));
    }
    out.extend(long(0));
    for (_, text) in tags {
        out.extend(text.as_bytes());
        out.push(0);
    }
    if let Some(user) = user {
        out.extend(short(1));
        out.extend(short(USER_COMMENT));
        out.extend(short(7));
        out.extend(long(user.len()));
        out.extend(long(data + 2 + 12));
        out.extend(user);
    }
    out
}

fn webp_of(block: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF\0\0\0\0WEBPVP8 \x03\0\0\0abc\0EXIF".to_vec();
    out.extend((block.len() as u32).to_le_bytes());
    out.extend(block);
    out
}

fn jpeg_of(block: &[u8]) -> Vec<u8> {
    let mut out = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xE1".to_vec();
    out.extend(((block.len() + 8) as u16).to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(block);
    out
}

#[test]
fn workflows_and_parameters_are_found_in_both_orders() {
    for little in [true, false] {
        let mut user = b"UNICODE\0".to_vec();
        user.extend("Steps: 1".encode_utf16().flat_map(u16::to_be_bytes));
        let block = block(&[(0x010F, "workflow:{}"), (0x0110, "prompt:{\"a\":1}")], Some(&user), little);
        for file in [webp_of(&block), jpeg_of(&block)] {
            assert!(is_picture(&file));
            let found = texts(&file, &["prompt", "workflow", "parameters"], 1000);
            let shown: Vec<_> = found.texts.iter().map(|t| (t.keyword.as_str(), t.text.as_str())).collect();
            assert_eq!(shown, [("workflow", "{}"), ("prompt", "{\"a\":1}"), ("parameters", "Steps: 1")]);
            assert_eq!(found.problem, None);
        }
    }
}

#[test]
fn claims_are_held_against_what_is_there() {
    let whole = webp_of(&block(&[(0x0110, "prompt:{}")], None, true));
    for cut in 0..whole.len() {
        texts(&whole[..cut], &["prompt"], 100);
        let mut flipped = whole.clone();
        flipped[cut] ^= 0xFF;
        texts(&flipped, &["prompt"], 100);
    }
    assert!(texts(&whole[..whole.len() - 1], &["prompt"], 100).problem.is_some());
    assert!(texts(&whole, &["prompt"], 1).problem.is_some());
}

#[test]
fn a_partner_node_in_a_webp_is_remote() {
    let graph = r#"{"1":{"class_type":"FluxProUltraImageNode","inputs":{"prompt":"CANARY"}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0]}}}"#;
    let text = format!("prompt:{graph}");
    let shown = testing::shown(
        &crate::inventory::comfyui::IMPORTER,
        "a.webp",
        webp_of(&block(&[(0x0110, &text)], None, true)),
    );
    assert_eq!(shown[0], "remote");
    let user = [b"ASCII\0\0\0".as_slice(), b"x\nSteps: 20, Sampler: Euler, Size: 1x1"].concat();
    let shown = testing::shown(
        &crate::inventory::infotext::IMPORTER,
        "a.jpg",
        jpeg_of(&block(&[], Some(&user), false)),
    );
    assert_eq!(shown, ["local"]);
}
