use super::IMPORTER;
use crate::inventory::testing::shown;

#[test]
fn network_mode_and_security_level() {
    let text = "[default]\nsecurity_level = strong\nnetwork_mode = offline\nbypass_ssl = False\n";
    assert_eq!(
        shown(&IMPORTER, "config.ini", text),
        ["local", "2 guard security_level", "3 guard network_mode"]
    );
    let text = "[default]\r\n# note\r\nsecurity_level = weak\r\nnetwork_mode = public\r\nchannel_url = https://raw.githubusercontent.com/a/b\r\n";
    assert_eq!(
        shown(&IMPORTER, "config.ini", text),
        ["fetch-only", "5 channel_url fetch github-assets", "3 remote-code security_level"]
    );
    assert_eq!(shown(&IMPORTER, "config.ini", "[default]\nsecurity_level = strong\n"), ["none"]);
    assert_eq!(
        shown(&IMPORTER, "config.ini", "[other]\nsecurity_level = strong\nnetwork_mode=x\nuse_uv=1"),
        ["none"]
    );
}
