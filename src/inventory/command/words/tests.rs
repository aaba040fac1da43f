use super::*;

fn cut(text: &str) -> Vec<String> {
    let script = shell(text);
    let show = |c: &Command| {
        let words: Vec<&str> = c.words.iter().map(|w| w.text.as_str()).collect();
        format!("{}{}", if c.comment { "# " } else { "" }, words.join("|"))
    };
    script.commands.iter().map(show).collect()
}

#[test]
fn quotes_separators_and_continuations() {
    assert_eq!(cut("a 'b c' \"d $E\" f\\ g"), ["a|b c|d ${E}|f g"]);
    assert_eq!(cut("a && b; c | d || e &\nf"), ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(cut("python main.py \\\n  --listen \\\n  --share"), ["python|main.py|--listen|--share"]);
    assert_eq!(cut("a \"\" b"), ["a||b"]);
    assert_eq!(cut("# export A=1\nb # c"), ["# export A=1", "# c", "b"]);
}

#[test]
fn variables_keep_their_name_and_a_plain_default() {
    assert_eq!(cut("a $B ${C} ${D:-x y} ${E:?no} ${F[@]} $@"), ["a|${B}|${C}|${D:-x y}|${E}|${F}|${@}"]);
    assert_eq!(cut("a ${B:-${C}}"), ["a|${B}"]);
    assert_eq!(cut("a=(--x --y) b"), ["a=--x --y|b"]);
}

#[test]
fn commands_inside_words_are_commands() {
    assert_eq!(cut("a $(curl b) `wget c`"), ["curl|b", "wget|c", "a|${}|${}"]);
    assert_eq!(cut("a $((1+2)) b"), ["a|${}|b"]);
}

#[test]
fn documents_and_targets_are_no_commands() {
    assert_eq!(cut("cat <<EOF > out\nngrok http 1\nEOF\nb 2>&1 >/dev/null"), ["cat", "b"]);
    let script = shell("bash <<'X'\nngrok http 1\nX\n");
    assert_eq!(script.commands[0].input, Some(Word { text: "ngrok http 1\n".to_owned(), line: 1 }));
}

#[test]
fn lines_are_those_of_the_words() {
    let script = shell("a\n\nb \\\n  c\n'x\ny' d");
    let lines: Vec<(String, u64)> =
        script.commands.iter().flat_map(|c| &c.words).map(|w| (w.text.clone(), w.line)).collect();
    let expected = [("a", 0), ("b", 2), ("c", 3), ("x\ny", 4), ("d", 5)];
    assert_eq!(lines, expected.map(|(t, l)| (t.to_owned(), l)));
}

#[test]
fn hostile_scripts_are_bounded() {
    assert!(shell(&"$(".repeat(100_000)).partial);
    assert!(shell(&"`".repeat(100_001)).commands.len() <= MOST_COMMANDS);
    assert!(shell(&"a;".repeat(MOST_COMMANDS + 5)).partial);
    for text in ["'", "\"", "${", "$(", "a <<", "a <<X", "\\", "$", "a=(", "((", "))"] {
        shell(text);
    }
}
