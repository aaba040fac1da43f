use super::*;

fn cut(text: &str) -> Vec<String> {
    let show = |c: &Command| {
        let words: Vec<&str> = c.words.iter().map(|w| w.text.as_str()).collect();
        format!("{}{}", if c.comment { "# " } else { "" }, words.join("|"))
    };
    batch(text).commands.iter().map(show).collect()
}

#[test]
fn a_value_is_the_rest_of_the_line() {
    assert_eq!(
        cut("@echo off\r\nset A=--x --y %Z%\r\ncall webui.bat\r\n"),
        ["echo|off", "set|A=--x --y ${Z}", "call|webui.bat"]
    );
    assert_eq!(cut("set \"A=b c\""), ["set|A=b c"]);
    assert_eq!(cut("set /p A=who?\nset A"), Vec::<String>::new());
}

#[test]
fn comments_labels_and_conditions() {
    assert_eq!(cut("rem set A=1\n@REM set A=2\n:: set A=3\n:label"), ["# set A=1", "# set A=2", "# set A=3"]);
    assert_eq!(cut("if not defined A set A=--share"), ["set|A=--share"]);
    assert_eq!(cut("if \"%A%\"==\"\" (set A=--share) else set B=1"), ["set|A=--share", "set|B=1"]);
    assert_eq!(cut("if /i %A% equ 1 ngrok http 7860"), ["ngrok|http|7860"]);
}

#[test]
fn separators_quotes_and_continuations() {
    assert_eq!(cut("a \"b & c\" & d ^& e && f"), ["a|b & c", "d|&|e", "f"]);
    assert_eq!(cut("python launch.py ^\n  --share"), ["python|launch.py|--share"]);
    assert_eq!(cut("a 100% !B!"), ["a|100%|${B}"]);
    for text in ["^", "if", "if not", "set", "%", "\"", "(", "if exist"] {
        batch(text);
    }
}
