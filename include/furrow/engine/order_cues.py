"""The words by which an order to a model is known: cues with weights, in Korean and English.

Korean is matched in lower case without spaces and signs (people leave them out, attackers put them in),
English with both. The cues say that earlier instructions do not count (`override`), that somebody else
speaks now (`role`), who is meant (`spoken_to`), where an answer goes (`target_write`), that it is to be
written (`write`), and words of the trade (`prompt`). One sentence of a listing may well hold a cue:
`AI 스피커`, `태그는 뗐어요`. Orders hold several.

Sources: all templates of `testsets/attacks.py` (half of them at first, the others when they had been
measured), forty attacks in other words (`set: tuned`), everyday phrases that must pass, and what the authors
know of prompt injection; no published list was copied. They know phrases, not meanings: see ADR 15 for how
much passes them. The cases of `testsets/reworded.py` are no source, and are to stay none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """One pattern. weight: 4 is an order by itself, 1 says little."""

    name: str
    weight: int
    pattern: re.Pattern[str]


def _cue(name: str, weight: int, pattern: str) -> Cue:
    return Cue(name, weight, re.compile(pattern, re.IGNORECASE))


_ORDERED = (
    r"(?:(?:대답|응답|답변|답|출력|반환|표기|표시|기재|기입|기록|입력|작성|분류|추출|설정|지정|처리|"
    r"간주|판정|판단|평가|요약|번역|변경|수정|교체|대체|추가|포함|제출|선택|생성|인쇄|복사|반복|말|"
    r"치환)(?:만)?(?:을|를)?(?:해라|하라|하세요|하셔|하십시오|하시|해주|해줘|해야|해놓|할것|하도록|"
    r"하기바|하면된|하면됩|하고|한다|합니다|하자|해$|하지말고|되어야|돼야|요망|바람|부탁|해두|십쇼)|"
    r"적(?:으세요|으십|어|으라|을것|으시|도록|으면|습니다|는다|기바)|쓰(?:세요|라|시|도록|면된|면됩|"
    r"십|기바|$)|써(?:라|주|줘|야|넣|$)|채우(?:세|라|십|시|면|고|도)|채워|넣(?:으|어|을것|도록|습니다|"
    r"는다|기바|$)|옮기(?:세|라|십|시|면)|옮겨|바꾸(?:세|라|십|시|고)|바꿔|불러(?:주|라)|부르(?:세|십|"
    r"시|면)|덧붙(?:여|이|일)|붙(?:이세|일것|이십)|읊|복창|외치(?:세|라|십)|외쳐|정정해|고쳐(?:쓰|적|"
    r"읽|주)|읽어야|고르(?:세|라|십|시)|골라|내놓|내보내|돌려주(?:세|라|십|시)|매기(?:세|라|십|시)|"
    r"매겨|잡아라|보고하|붙여라)"
)
_SLOT = (
    r"(?:칸|필드|fields?|output|answer|tags?|label|category|항목|출력|답변|응답|답(?=에|은|으로|란)|"
    r"태그|카테고리|분류|요약|키워드|json|라벨|판정|스키마|정답|결과|추출값|속성값|속성|값(?=에|은|을|"
    r"으로|란))"
)

KOREAN = (
    _cue(
        "override",
        4,
        r"(?:이전|위|앞|기존|지금까지|여태|상기|앞선|원래|받은|다른|너의|네가|당신|시스템|내부|모든|"
        r"어떤|그동안|처음|주어진|본래|방금|아까|너한테|너에게).{0,12}?(?:지시|명령|프롬프트|지침|"
        r"시킨|당부).{0,12}?(?:무시|잊|따르지|버리|버려|취소|무효|폐기|제쳐|덮어|신경쓰지|건너뛰|해제|"
        r"접어|중단|중지|상관없|효력|끝났|대신|듣지|지워|삭제|말고|없던|바뀌|바뀐|유효하지)",
    ),
    _cue(
        "override_text",
        2,
        r"(?:이전|위|앞|기존|지금까지|여태|상기|앞선|원래|이글|본문|너의|당신|그동안|처음|주어진|아래|"
        r"방금|아까|전까지|들은|받은).{0,10}?(?:규칙|설정|안내|요청|가이드|글|내용|본문|말|조건|판단|"
        r"분석|검수|정책|설명|텍스트|대화|얘기|이야기|임무|역할|과제).{0,10}?(?:무시|잊|따르지|취소|"
        r"무효|폐기|제쳐|신경쓰지|건너뛰|해제|참고하지|읽지|보지|없던|효력|유효하지|바뀌었|잊어)",
    ),
    _cue(
        "role",
        3,
        r"(?:지금|이제|여기)부터(?:는)?(?:너|넌|당신|네|모델|ai|운영자|관리자|시스템|개발자)|(?:너|넌|"
        r"당신|그대)(?:는|은)?(?:이제|지금|앞으로|오늘|더이상|사실)?.{0,8}?(?:ai|봇|모델|비서|"
        r"어시스턴트|도우미|분류기|역할)|(?:개발자|관리자|디버그|디버깅|점검|유지보수)모드(?:를활성|"
        r"로전환|로진입|진입|활성|입니다|이다)|탈옥|관리자권한|운영자의?(?:말|지시|명령)|(?:개발자|"
        r"관리자|개발팀|본사|시스템)(?:의|가|에서)?(?:지시|명령)|(?:새|새로운|추가|최종|진짜|비밀|"
        r"숨은|숨겨진|긴급|최우선|우선|다음|아래|내부)(?:의)?(?:지시|명령|프롬프트)",
    ),
    _cue(
        "your_task",
        3,
        r"(?:너(?:한테|에게)?|네|너의|당신(?:의|에게)?|그대의)(?:주어진|부여된|맡겨진|원래)?(?:규칙|"
        r"임무|역할|과제|작업|목표|지침|설정)(?:은|는|이|가|을|를)?.{0,6}?(?:바뀌|바뀐|폐기|끝|취소|"
        r"무효|변경|달라|없|종료|이제)|(?:네가|너가|니가|당신이).{0,8}?(?:받은|들은|숨긴|배운|"
        r"읽은).{0,6}?(?:글|내용|말|문장|설정|규칙).{0,16}?(?:보여|출력|공개|알려|말해|적어|써)",
    ),
    _cue(
        "speaks_officially",
        2,
        r"(?:관리자|운영자|운영팀|개발자|개발팀|시스템)(?:의|님)?(?:공지|안내|알림|메시지|메세지|"
        r"프롬프트|메모|설정|전달|승인|확인|요청)|검수(?:가|는)?(?:끝|완료|통과|마)",
    ),
    _cue(
        "machine",
        1,
        r"(?<![a-z])ai(?![a-z])|에이아이|인공지능|챗봇|챗gpt|gpt|llm|언어모델|어시스턴트|에이전트|"
        r"크롤러|알고리즘|(?:분류|추출|요약|태깅)(?:기|봇|엔진|모델|시스템)|자동(?:분류|추출|응답|"
        r"태깅|요약|처리|수집)|기계(?:가|에게|야|여|님)|데이터베이스",
    ),
    _cue(
        "spoken_to",
        1,
        r"(?:ai|에이아이|인공지능|봇|gpt|llm|모델|어시스턴트|에이전트|기계|로봇|컴퓨터|시스템|"
        r"프로그램|분류기|추출기|요약기|알고리즘)(?:에게|한테|님|선생|씨|야|아(?=[^가-힣]|너|이)|여|"
        r"이여|들아|전용|라면|이라면|인당신|인너|는반드시|은반드시|는이|은이)|(?:너는|넌|너의|너한테|"
        r"너에게|네가(?=.{0,8}답)|당신은|당신의|hey|헤이).{0,12}?(?:답|출력|결과|분류|모델|ai|봇|"
        r"system|field)",
    ),
    _cue(
        "reader",
        1,
        r"(?:글|문장|본문|내용|텍스트|게시물|게시글|매물|상품|리스팅|listing|자료|이거|이걸|것)(?:을|"
        r"를)?(?:지금)?(?:읽|처리하|분석하|분류하|요약하|해석하|정리하|수집하|태깅하|변환하)(?:는|"
        r"고있는|고계신|게될|을|고있을|어주시는|여주시는|해주시는|아주시는)(?:ai|모델|시스템|프로그램|"
        r"봇|너|당신|쪽|분류|기계|존재|도구|녀석|인공|컴퓨터|로봇|에이)|(?:읽|보)고있는(?:기계|ai|"
        r"모델|봇|컴퓨터|로봇)|(?:정리|분류|요약|추출|처리|분석)하는(?:쪽|시스템|모델|프로그램)",
    ),
    _cue(
        "request",
        1,
        r"주시면(?:정말|참|매우|너무)?(?:감사|고맙|좋)|"
        r"(?<!양해)(?<!연락)(?<!문의)(?<!쪽지)(?<!채팅)(?<!채팅으로만)부탁(?:드|합|해|이|입)|요망|"
        r"바랍니다|주셈|주삼|줄래|으삼|쓰삼|하삼|해주실|주십시오|주실|주길|토달지",
    ),
    _cue(
        "if_asked",
        1,
        r"(?:물으면|묻거든|물어보면|물어도|묻든|물어오면|질문하면|질문받으면|질문을받|요청받으면)",
    ),
    _cue(
        "label",
        2,
        r"(?:브랜드|상표|모델명|상품이름|상품명|품명|제품명|장소이름|장소명|요약문|결과물|제조사|"
        r"상품의이름|글의주제|업종)(?:에는|에|은|는|을|를|란|항목|으로|이름|이|"
        r"가)?.{0,24}?(?:적(?:어두|으면|어주|어라|으세|으시|기)|쓰(?:면|세|시)|써(?:주|야|라)|기입|"
        r"불러|부르|내보내|간주|취급|대답|출력|표기하|정정|복창|통일|부탁드|로만|채워|잡(?:아|으))",
    ),
    _cue(
        "misprint",
        2,
        r"(?:상표|브랜드|모델|카테고리|분류|가격|표기|이름|제조사|위에적힌|본문).{0,14}?(?:오타|오기|"
        r"잘못적|잘못된|틀렸|틀린).{0,24}?(?:정정|바로잡|고쳐|읽어|바꿔|바꾸|맞습|옳)",
    ),
    _cue(
        "takes_precedence",
        2,
        r"(?:그|이|해당|위|아래)(?:값|것|내용|문장|정보|표기)(?:을|를|이|가)(?:최)?우선|보다우선|"
        r"우선(?:적용|합니다|한다|시하)|(?:태그|카테고리|분류|라벨|값|답)(?:는|은)?(?:하나뿐|사용불가|"
        r"허용되지|인정되지|무시|무효)|하나뿐.{0,8}?(?:태그|카테고리|분류|값|답)",
    ),
    _cue(
        "says_word",
        2,
        r"(?:이?라는|이?란)(?:말|단어|글자|문구|문자열|이름)(?:만|을|를|로|으로)?(?:내보내|내놓|대답|"
        r"출력|말하|읊|외치|쓰|적|써|넣|돌려)",
    ),
    _cue(
        "target_write",
        2,
        _SLOT + r"(?:들|란|명|값|칸)?.{0,28}?" + _ORDERED,
    ),
    _cue(
        "only_write",
        2,
        r"(?:이?라고만?|이?란말만?|이?라는(?:말|단어|값|문장|글자|문구)(?:만|을|를|로)?|그대로|으로만|"
        r"로만|한단어로)(?:꼭|반드시)?" + _ORDERED,
    ),
    _cue(
        "write",
        1,
        r"(?:대답|응답|답변|답|출력|반환|추출|분류|간주|판정|기재|기입|표기)(?:만)?(?:을|를)?(?:해라|"
        r"하라|하세요|하십시오|하시오|해주|해줘|할것|하도록|해야|한다)",
    ),
    _cue(
        "must",
        1,
        r"반드시|무조건|꼭|절대|오직|그대로|라고만|글자만|단어만|하나만|이문장만|똑같이",
    ),
    _cue(
        "every_slot",
        2,
        r"(?:모든|전|각|전체|나머지|모두).{0,5}?(?:칸|필드|항목|값|결과|답|태그|출력|속성)(?:에|은|을|"
        r"이|의|란|을)",
    ),
    _cue(
        "prompt",
        2,
        r"프롬프트|시스템메시지|학습데이터|스키마|필드명|json|제이슨|base64|디코딩|디코드|복호화",
    ),
    _cue(
        "order",
        2,
        r"(?<!도)(?<!검사)지시(?:사항|문|를|대로|에|는|가)|명령(?:어|문|을|에|이다|입니다)|지침(?:을|"
        r"에|은|대로)",
    ),
    _cue(
        "answer",
        1,
        r"정답|오답|최종답|올바른답|출력(?:형식|결과|값|은|을|물)|확인암호|비밀번호는|결과값|답안|"
        r"파싱|추출결과|분류결과",
    ),
    _cue(
        "right_slot",
        2,
        r"(?:올바른|정확한|진짜|실제|최종|맞는|정확히)(?:카테고리|분류|태그|값|답|브랜드|결과|라벨|"
        r"출력)",
    ),
    _cue(
        "decode",
        1,
        r"(?:코드를풀|암호를풀|디코딩|디코드|복호화|해독|거꾸로읽|따라하세요|따라하십|따르세요|"
        r"따르십시오|뒤집어읽|역순으로)",
    ),
)

_E_SLOT = (
    r"(?:fields?|slots?|category|categories|tags?|hashtags?|outputs?|answers?|summary|labels?|values?|"
    r"results?|responses?|replies|json|keys?|attributes?|classification|keywords?|extraction|schema|"
    r"columns?)"
)
ENGLISH = (
    _cue(
        "override",
        4,
        r"\b(?:ignore|disregard|forget|override|overrule|bypass|discard|dismiss|neglect|(?:do not|"
        r"don'?t|stop|no longer|never) (?:follow|obey)\w*|pay no attention to|set aside|throw (?:away|"
        r"out)|skip|supersede[sd]?|cancel|replaces?)\b.{0,40}?\b(?:instructions?|prompts?|guidelines?|"
        r"directives?|commands?|guardrails|you were told|you have been told)\b",
    ),
    _cue(
        "override_text",
        2,
        r"\b(?:ignore|disregard|forget|override|overrule|discard|dismiss|pay no attention to|"
        r"set aside)\b.{0,30}?\b(?:above|previous|prior|earlier|preceding|before|everything|rules?|"
        r"task|so far|text|rest)\b",
    ),
    _cue(
        "role",
        3,
        r"\byou(?:'re| are) (?:now |no longer |actually )?(?:an? |the |in )?(?:ai|assistant|bot|"
        r"language model|chatgpt|dan\b|developer|debug|admin|model|classifier)|\b(?:developer|debug|"
        r"admin|maintenance|god) mode|\bsystem override|\bjailbreak|\badmin(?:istrator)? override|"
        r"\b(?:new|updated|revised|real|actual|hidden|following|secret|additional|"
        r"urgent) (?:system )?(?:instructions?|prompt|directives?)\b|\bsystem (?:prompt|message|note|"
        r"notice|instruction|command)|\b(?:note|message|memo|reminder|instructions?|attention|"
        r"notice)s? (?:to|for)(?: the| any| all)? (?:ai|model|assistant|llm|bot|language|system|"
        r"classifier|automated|extract|machine)",
    ),
    _cue(
        "your_task",
        3,
        r"\b(?:your|the) (?:earlier |previous |prior |original |initial |old |current |"
        r"first )?(?:rules?|tasks?|role|job|mission|goal|orders|assignment|"
        r"objective)\b.{0,30}?\b(?:no longer|changed|void|cancell?ed|over\b|expired|not apply|"
        r"obsolete|ended|is now|are now)|\b(?:whatever|what|everything|anything|"
        r"all) (?:that )?you (?:were|have been|had been|are) (?:asked|told|given|instructed|supposed)|"
        r"\b(?:ignore|drop|forget|break|suspend) (?:all|any|your|the) (?:\w+ )?(?:rules|orders|tasks|"
        r"restrictions|constraints|limits)",
    ),
    _cue(
        "spoken_to",
        2,
        r"\b(?:for|to) (?:the |any |all )?(?:assistant|ai|model|llm|bot|chatbot|classifier|"
        r"system)s?\s?[:,]|\b(?:hey|hi|dear|hello|ok|okay|attention|listen|"
        r"note)[, ]+(?:the )?(?:model|ai|bot|machine|system|assistant|gpt|llm|computer|robot|agent|"
        r"algorithm)\b|\bto (?:the |any |whatever |whichever )?(?:machine|ai|system|model|bot|program|"
        r"software|algorithm|computer|agent|robot)s? (?:that |who |which )?(?:is |are )?(?:read|"
        r"process|pars|index|summar|handl)",
    ),
    _cue(
        "when_you_read",
        2,
        r"\b(?:when|if|while|as|once) you(?:'re| are)? (?:process|read|pars|index|summar|handl|label|"
        r"tag|extract|classif|analy[sz])\w* (?:this|the|my)",
    ),
    _cue(
        "call_it",
        2,
        r"\b(?:give|call|name|pick|choose|produce|replace|refer to|treat|register|catalogu?ed?|"
        r"recorded|read|label|return|report|list|identify|enter)\b.{0,40}?\b(?:brand|model name|maker|"
        r"manufacturer|title|item|product|category|place name|seller|name)\b|\b(?:model name|brand|"
        r"category|title|name)\b.{0,12}?\byou (?:produce|give|return|output|report|write)|\b(?:maker|"
        r"brand|item|product|model|category|title)\b.{0,24}?\b(?:catalogu?ed|read|recorded|registered|"
        r"labell?ed|classified|indexed|tagged|corrected) (?:as|to)\b",
    ),
    _cue(
        "required",
        1,
        r"\b(?:policy|requires? that|is required|mandatory|must|only acceptable|only valid|correction|"
        r"editor'?s|kindly|should be)\b",
    ),
    _cue(
        "privileged",
        2,
        r"\b(?:privileged|trusted|confidential|hidden|internal|elevated|root) (?:context|"
        r"instructions?|section|block|note|mode|access|content|message)",
    ),
    _cue(
        "only_word",
        2,
        r"\b(?:only|just|nothing but|exactly|single)(?: with)? the (?:single |one )?(?:word|phrase|"
        r"string|term|token|text)\b",
    ),
    _cue(
        "game",
        1,
        r"\b(?:play a game|role-?play|from here on|start(?:s|ing)? with|begins? with|you (?:speak|say|"
        r"answer|reply|respond|output|write))\b",
    ),
    _cue(
        "hex",
        2,
        r"(?:\b[0-9a-f]{2}[ ,]){4,}",
    ),
    _cue(
        "from_now_on",
        1,
        r"\bfrom now on\b|\bact as\b|\bpretend\b|\bas an? (?:ai|admin|developer)|\bon behalf of|"
        r"\bend of (?:the )?(?:listing|post|text|user|input|document|article|description)\b",
    ),
    _cue(
        "machine",
        1,
        r"\b(?:ai|chatgpt|gpt-?\d?|llms?|language models?|assistant|chatbot|classifier|extractor|"
        r"annotator|tagger|summari[sz]er|dear (?:model|bot|system)|the model|(?:automated|"
        r"automatic) (?:system|reader|tool|agent)s?)\b",
    ),
    _cue(
        "reader",
        2,
        r"\b(?:whoever (?:reads|processes|parses)|if you(?:'re| are) (?:reading|processing|parsing|"
        r"summari|extract|classif))\b",
    ),
    _cue(
        "order_only",
        3,
        r"(?:^|[.:;,!?\-\]\n]\s*|\b(?:must|please|just|then|and|now|to|will|should)\s+)(?:answer|"
        r"respond|output|return|print|emit|reply)\s+(?:only|exactly|solely|nothing but|simply|just|"
        r"with (?:only|just|exactly|the (?:single )?(?:word|string|phrase|text|value|following)))\b",
    ),
    _cue(
        "write",
        2,
        r"\b(?:answer|respond|reply|output|return|print|say|write|report|emit|repeat|echo|type|"
        r"state)\s+(?:only|with|exactly|just|simply|nothing but|the (?:word|phrase|string|text|value|"
        r"following)|in json|as json|back|this|that|as|[:\"'`*])|\b(?:output|emit|print|"
        r"echo)\s+(?-i:[A-Z]{3,})",
    ),
    _cue(
        "write",
        1,
        r"\b(?:answer|respond|reply|output|return|print|say|write|report|put|use|insert|fill|enter|"
        r"set(?! of)|copy|place)\b",
    ),
    _cue(
        "every_slot",
        2,
        r"\b(?:every|all|each|any(?! answer\b))(?: of)?(?: the)?(?: \w+)? " + _E_SLOT + r"\b",
    ),
    _cue(
        "slot_must",
        2,
        r"\b"
        + _E_SLOT
        + r"\b.{0,12}?\b(?:must|should|shall|has to|have to|needs? to|ought to|is to|are to)\b",
    ),
    _cue(
        "slot_set",
        2,
        r"\b(?:set(?! of)|fill|mark|label|classify|tag|categori[sz]e|put|change|treat|record|extract|"
        r"insert|enter|add|append|copy|place|assign|use|include)\b.{0,40}?\b" + _E_SLOT + r"\b",
    ),
    _cue(
        "prompt",
        2,
        r"\b(?:prompts?(?! (?:repl|respon|ship|deliver|pay|pick|deal|answer))|json|schema|base-?64|"
        r"decode[ds]?|rot-?13|api response)\b",
    ),
    _cue(
        "order",
        1,
        r"\binstructions?\b|\bdirectives?\b|\bcommands?\b",
    ),
    _cue(
        "answer",
        2,
        r"\b(?:correct|right|true|expected|final|only valid|proper) (?:answer|output|label|category|"
        r"value|response|classification|result)\b|\bground truth\b",
    ),
)

HEADINGS = (
    _cue(
        "turn",
        4,
        r"^\W{0,6}(?:assistant|어시스턴트|도우미|비서|chat-?gpt|gpt|챗봇|chatbot|developer message|"
        r"system message|시스템\s?(?:메시지|메세지|프롬프트|지시|명령))\W{0,4}[:：>\]]",
    ),
    _cue(
        "turn_maybe",
        2,
        r"^\W{0,6}(?:sys(?:tem)?|시스템|질문자|human|user|사용자|유저|response|output|answer|응답|"
        r"답변|출력|대답|instructions?|지시|명령|프롬프트|prompt|정답)\s{0,3}\W{0,3}[:：>\]](?!\s*\d)",
    ),
    _cue(
        "heading",
        4,
        r"^\s*(?:#{1,6}|={2,}|\*{2,}|-{2,}|\[)\s*(?:new |updated |additional |새(?:로운)?\s?|추가\s?|"
        r"최종\s?)?(?:instructions?|system|prompt|response|output|assistant|시스템|지시(?:\s?사항)?|"
        r"명령|프롬프트|출력|응답|답변)\b",
    ),
    _cue(
        "end_of_text",
        2,
        r"^\W{1,8}(?:(?:글|본문|게시글|내용|매물|입력|문서|텍스트)\s?(?:의\s?)?(?:끝|종료|마침)|"
        r"end of (?:the )?\w+|(?:listing|input|document|user input) ends?(?: here)?)\b",
    ),
    _cue(
        "example",
        2,
        r"(?:예시|예제|예문|example|few-?shot)\s?\d?\W{0,4}.{0,40}?(?:출력|정답|답|라벨|output|answer|"
        r"label)\W{0,3}[:：=>→]|(?:^|\W)(?:입력|질문|input|question)\s?[:：].{0,200}?(?:출력|답|정답|"
        r"라벨|output|answer|label)\s?[:：](?!\s*\d)",
    ),
)
"""In a line as it stands: they hand over to another voice, so that what follows is no longer the writer's."""
