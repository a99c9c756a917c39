/** Slack's light theme, near enough for an eye to judge a message by. */
export const STYLE = `
*{box-sizing:border-box}
body{margin:0;font:15px/1.46667 Lato,"Helvetica Neue",Helvetica,Arial,"Noto Sans","Noto Color Emoji",sans-serif;color:#1d1c1d;background:#fff}
a{color:#1264a3;text-decoration:none}
p{margin:0}
code{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:#c01343;background:#f8f8f8;border:1px solid #ddd;border-radius:3px;padding:2px 3px 1px}
pre{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;margin:4px 0;white-space:pre-wrap;overflow-wrap:anywhere}
blockquote{margin:4px 0;padding-left:16px;border-left:4px solid #ddd}
ul,ol{margin:4px 0;padding-left:26px}
.ping{background:#ff2d55;color:#fff;font-weight:700;border-radius:3px;padding:0 4px;outline:3px solid #ff2d5555}
.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px 1px}
.layout{display:flex;min-height:100vh}
.sidebar{width:220px;flex:none;background:#3f0e40;color:#cfc3cf;padding:12px 0}
.sidebar h2{color:#fff;font-size:17px;margin:0 16px 14px}
.sidebar h3{font-size:13px;font-weight:400;margin:14px 16px 4px}
.sidebar a,.sidebar span{display:block;color:#cfc3cf;padding:3px 16px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.sidebar .here{background:#1164a3;color:#fff}
.main{flex:1;min-width:0}
.bar{border-bottom:1px solid #ddd;padding:12px 20px;font-weight:900;font-size:17px}
.bar small{font-weight:400;font-size:13px;color:#616061;margin-left:8px}
.shared{background:#e3d3e4;color:#611f69;border-radius:4px;font-size:12px;font-weight:700;padding:1px 6px;margin-left:8px}
.channel{padding:8px 0 20px}
.message{display:flex;gap:8px;padding:8px 20px;max-width:780px}
.message.only{background:#f8f8f8;box-shadow:inset 3px 0 #bbb}
.avatar{width:36px;height:36px;flex:none;border-radius:4px;color:#fff;font-weight:900;display:flex;align-items:center;justify-content:center}
.avatar.app{background:#1f2937}
.said{flex:1;min-width:0}
.who{font-weight:900}
.badge{background:#ddd;color:#454447;font-size:10px;font-weight:700;border-radius:2px;padding:1px 3px;margin-left:4px;vertical-align:1px}
.when{color:#616061;font-size:12px;margin-left:8px}
.note{color:#616061;font-size:13px;display:block;margin-bottom:2px}
.edited{color:#616061;font-size:13px}
.thread{margin:6px 0 0;padding-left:12px;border-left:2px solid #ddd}
.thread .message{padding:6px 0}
.thread .avatar{width:24px;height:24px;font-size:12px}
.replies{color:#1264a3;font-weight:700;font-size:13px}
.blocks>*{margin-top:8px}
.blocks>*:first-child{margin-top:2px}
.header{font-size:18px;font-weight:900;line-height:1.33}
.section{display:flex;gap:16px;justify-content:space-between}
.section>.text{flex:1;min-width:0;overflow-wrap:anywhere}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;margin-top:8px;overflow-wrap:anywhere}
.fields:first-child{margin-top:0}
.context{color:#616061;font-size:13px;display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center;overflow-wrap:anywhere}
.context .thumb{width:20px;height:20px}
.divider{border-top:1px solid #ddd;height:1px}
.actions{display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start}
.button{display:inline-block;font-size:13px;font-weight:700;line-height:18px;border:1px solid #1d1c1d4d;border-radius:4px;padding:6px 12px 7px;color:#1d1c1d;background:#fff;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.button.primary{background:#007a5a;border-color:#007a5a;color:#fff}
.message .button.primary,.home .button.primary{background:#007a5a;color:#fff}
.button.danger{background:#e01e5a;border-color:#e01e5a;color:#fff}
.confirm{display:block;font-size:11px;line-height:1.3;color:#616061;margin-top:2px;max-width:150px}
.actions .choices{padding:4px 8px 0 0}
.menu{display:inline-flex;justify-content:space-between;gap:24px;min-width:180px;max-width:100%;border:1px solid #1d1c1d4d;border-radius:4px;padding:6px 12px;background:#fff;font-size:15px}
.menu::after{content:"⌄";color:#616061;font-weight:700;margin-top:-3px}
.menu.date::after{content:"🗓";margin:0}
.menu.time::after{content:"🕘";margin:0}
.overflow{border:1px solid #1d1c1d4d;border-radius:4px;padding:2px 10px;font-weight:900;letter-spacing:1px}
.offered{font-size:11px;color:#616061;max-width:260px}
.placeholder{color:#616061}
.chip{background:#e8f5fa;border-radius:3px;padding:0 6px;margin-right:4px}
.input label{display:block;font-weight:700;margin-bottom:6px}
.input label small{font-weight:400;color:#616061}
.box{border:1px solid #868686;border-radius:4px;padding:8px 12px;background:#fff;min-height:40px;overflow-wrap:anywhere;white-space:pre-wrap}
.box.tall{min-height:92px}
.input .menu{display:flex;padding:8px 12px}
.hint{color:#616061;font-size:13px;margin-top:4px}
.wrong{color:#e01e5a;font-size:13px;margin-top:4px}
.input.bad .box,.input.bad .menu{border-color:#e01e5a;box-shadow:0 0 0 2px #e01e5a33}
.choice{display:flex;gap:10px;align-items:flex-start;padding:3px 0}
.choice i{flex:none;width:16px;height:16px;margin-top:3px;border:1px solid #616061;border-radius:3px;background:#fff}
.choice.radio i{border-radius:50%}
.choice.on i{background:#1264a3;border-color:#1264a3;box-shadow:inset 0 0 0 3px #fff}
.choice small{display:block;color:#616061}
.picture{border:1px solid #ddd;border-radius:8px;max-width:360px;overflow:hidden;background:#f8f8f8}
.picture img{display:block;max-width:100%}
.picture span{display:block;padding:18px;color:#616061;font-size:13px}
.picture.side{width:88px;height:88px;flex:none}
.picture.side span{padding:6px;font-size:11px}
.title{font-size:13px;color:#616061;margin-bottom:4px}
.file{border:1px solid #ddd;border-radius:8px;padding:8px 12px;margin-top:6px;max-width:420px}
.grid{border-collapse:separate;border-spacing:0;border:1px solid #ddd;border-radius:8px;overflow:hidden;font-size:15px;max-width:100%}
.grid td,.grid th{border-bottom:1px solid #eee;border-right:1px solid #eee;padding:6px 12px;text-align:left;font-weight:400;vertical-align:top;white-space:nowrap}
.grid tr:first-child td{font-weight:700;background:#f8f8f8}
.grid tr:last-child td{border-bottom:0}
.grid td:last-child{border-right:0}
.grid .wrapped{white-space:normal}
.scroll{overflow-x:auto}
.chart{border:1px solid #ddd;border-radius:8px;padding:12px 16px;max-width:600px}
.chart h4{margin:0 0 8px;font-size:15px}
.chart svg{display:block;width:100%;height:auto}
.chart text{font:11px Lato,Helvetica,Arial,sans-serif;fill:#616061}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:#454447;margin-top:6px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
.alert{border:1px solid #ddd;border-left:4px solid #616061;border-radius:6px;padding:8px 12px}
.alert.warning{border-left-color:#e8912d}.alert.error{border-left-color:#e01e5a}.alert.success{border-left-color:#007a5a}.alert.info{border-left-color:#1264a3}
.veil{background:#1d1c1d99;min-height:100vh;padding:32px 16px;display:flex;flex-direction:column;align-items:center;gap:24px}
.modal{background:#fff;width:520px;max-width:100%;border-radius:8px;box-shadow:0 18px 48px #00000059;overflow:hidden}
.modal header{display:flex;align-items:center;gap:12px;padding:18px 24px 14px;font-size:22px;font-weight:900}
.modal header .cross{margin-left:auto;color:#616061;font-weight:400}
.modal .body{padding:4px 24px 20px}
.modal .body>.blocks>*{margin-top:16px}
.modal footer{display:flex;justify-content:flex-end;gap:12px;padding:16px 24px;border-top:1px solid #eee}
.modal footer .button{font-size:15px;padding:8px 16px}
.modal .beneath{font-size:12px;color:#616061;padding:8px 24px 0}
.home{max-width:760px;padding:20px 24px 32px}
.home>.blocks>*{margin-top:12px}
.tabs{border-bottom:1px solid #ddd;padding:0 20px;font-size:13px;color:#616061;display:flex;gap:20px}
.tabs b{border-bottom:2px solid #611f69;color:#1d1c1d;padding:8px 0}
.tabs span{padding:8px 0}
.authorize,.index{max-width:720px;margin:40px auto;padding:0 20px}
.index section{margin-bottom:32px}
.index li{margin:2px 0}
.none{color:#616061;padding:20px}
`;
