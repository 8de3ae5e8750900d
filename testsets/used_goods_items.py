"""Things that people sell second-hand, with what a careful reader would label; and the words around them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One thing. name: as listings write it, with the brand unless a product line stands for it; kind: the word
    a buyer would type; marks: further such words; thousands: its price when used, in 1,000 won.
    """

    category: str
    name: str
    brand: str | None
    model: str | None
    kind: str
    marks: tuple[str, ...]
    thousands: int


def _items(table: str) -> tuple[Item, ...]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return tuple(
        Item(
            category,
            name,
            brand or None,
            model or None,
            kind,
            tuple(filter(None, marks.split(","))),
            int(thousands),
        )
        for category, name, brand, model, kind, marks, thousands in rows
    )


ITEMS = _items("""
phone/smartphone|아이폰 12|애플|아이폰 12|스마트폰|64기가,블루|250
phone/smartphone|갤럭시 S21 플러스|삼성|갤럭시 S21 플러스|스마트폰|256기가,팬텀블랙|210
phone/smartphone|샤오미 홍미노트 11|샤오미|홍미노트 11|스마트폰|공기계|90
phone/tablet|갤럭시탭 A8|삼성|갤럭시탭 A8|태블릿|64기가,그레이|130
phone/tablet|레노버 P11|레노버|P11|태블릿|와이파이|110
phone/tablet|크레마 사운드업|크레마|사운드업|전자책 리더기|전자책|60
phone/accessory|벨킨 무선충전기|벨킨||무선충전기|고속|18
phone/accessory|슈피겐 휴대폰 케이스|슈피겐||휴대폰 케이스|투명|7
computer/laptop|맥북에어 M1|애플|맥북에어 M1|노트북|실버,256기가|620
computer/laptop|레노버 씽크패드 E14|레노버|씽크패드 E14|노트북|16GB,블랙|380
computer/laptop|HP 파빌리온 15|HP|파빌리온 15|노트북|실버|300
computer/desktop|조립 컴퓨터 본체|||컴퓨터 본체|게이밍,RGB|550
computer/desktop|델 옵티플렉스 3080|델|옵티플렉스 3080|데스크탑|사무용|240
computer/monitor|벤큐 GW2480|벤큐|GW2480|모니터|24인치|85
computer/monitor|알파스캔 27인치 모니터|알파스캔||모니터|27인치|140
computer/parts|레오폴드 FC750R|레오폴드|FC750R|기계식 키보드|적축|95
computer/parts|엡손 L3150|엡손|L3150|프린터|무한잉크|120
computer/parts|기가바이트 RTX2060|기가바이트|RTX2060|그래픽카드|6GB|170
audio/earphones|에어팟 3세대|애플|에어팟 3세대|이어폰|무선|110
audio/earphones|소니 WH-CH720N|소니|WH-CH720N|헤드폰|노이즈캔슬링,블루|90
audio/speaker|JBL 플립5|JBL|플립5|블루투스 스피커|레드|70
audio/speaker|마샬 액톤2|마샬|액톤2|스피커|브라운|230
audio/smartwatch|애플워치 SE 40mm|애플|애플워치 SE|스마트워치|40mm,미드나이트|160
audio/smartwatch|가민 포러너 55|가민|포러너 55|러닝워치|화이트|130
camera/camera|후지필름 X-T20|후지필름|X-T20|미러리스|실버|520
camera/camera|인스탁스 미니 11|인스탁스|미니 11|즉석카메라|핑크|60
camera/camera|DJI 미니 SE|DJI|미니 SE|드론|콤보|260
camera/lens|탐론 28-75 렌즈|탐론|28-75|렌즈|소니마운트|480
camera/lens|맨프로토 삼각대|맨프로토||삼각대|여행용|55
game/console|닌텐도 스위치 라이트|닌텐도|스위치 라이트|게임기|옐로우|140
game/console|플스4 프로|소니|플스4 프로|게임기|1TB|190
game/title|동물의 숲 칩|닌텐도|동물의 숲|게임칩|스위치|38
game/title|피파 23 시디|EA|피파 23|게임 시디|플스4|15
appliance/kitchen|쿠쿠 6인용 밥솥|쿠쿠||전기밥솥|6인용,화이트|70
appliance/kitchen|발뮤다 토스터|발뮤다||토스터|화이트|150
appliance/kitchen|일렉트로룩스 전기포트|일렉트로룩스||전기포트|스텐|20
appliance/vacuum|샤크 무선청소기|샤크||무선청소기|핸디|90
appliance/vacuum|로보락 S5|로보락|S5|로봇청소기|물걸레|140
appliance/tv|TCL 55인치 TV|TCL||TV|55인치|260
appliance/tv|뷰소닉 M1|뷰소닉|M1|빔프로젝터|미니|180
appliance/air|신일 선풍기|신일||선풍기|리모컨|25
appliance/air|위닉스 공기청정기|위닉스||공기청정기|20평|80
appliance/air|캐리어 벽걸이 에어컨|캐리어||에어컨|6평|150
appliance/laundry|미디어 미니세탁기|미디어||미니세탁기|3kg|90
appliance/laundry|필립스 스팀다리미|필립스||스팀다리미|핸디|30
appliance/hair|JMW 드라이기|JMW||드라이기|블랙|25
appliance/hair|브라운 전기면도기|브라운||전기면도기|방수|45
furniture/bed|에이스 슈퍼싱글 매트리스|에이스||매트리스|슈퍼싱글|120
furniture/bed|철제 침대 프레임|||침대 프레임|퀸,화이트|60
furniture/sofa|에싸 2인용 소파|에싸||소파|2인용,아쿠아텍스|250
furniture/table|데스커 컴퓨터책상|데스커||책상|1400,화이트|110
furniture/table|원형 식탁|||식탁|2인용,화이트|45
furniture/chair|허먼밀러 세일|허먼밀러|세일|사무용 의자|메쉬|450
furniture/chair|접이식 의자|||의자|접이식|10
furniture/storage|마켓비 철제선반|마켓비||선반|5단,블랙|30
furniture/storage|3단 서랍장|||서랍장|원목|35
home/kitchenware|테팔 프라이팬 28cm|테팔||프라이팬|28cm|15
home/kitchenware|르크루제 주물냄비|르크루제||냄비|20cm,오렌지|140
home/kitchenware|스탠리 텀블러|스탠리||텀블러|크림|22
home/bedding|구스 이불 퀸|||이불|구스,퀸|60
home/bedding|암막커튼 2장|||암막커튼|그레이|18
home/decor|이케아 스탠드 조명|이케아||조명|스탠드|15
home/decor|전신거울|||거울|우드|25
clothing/outer|파타고니아 신칠라|파타고니아|신칠라|플리스|M,오트밀|75
clothing/outer|디스커버리 롱패딩|디스커버리||롱패딩|95,블랙|80
clothing/top|폴로 옥스포드 셔츠|폴로||셔츠|L,화이트|35
clothing/top|자라 니트 원피스|자라||원피스|S,베이지|20
clothing/bottom|리바이스 501|리바이스|501|청바지|32|40
clothing/bottom|무신사 슬랙스|무신사||슬랙스|30,블랙|15
shoes/sneakers|컨버스 척70|컨버스|척70|스니커즈|255,블랙|45
shoes/sneakers|아식스 젤카야노 14|아식스|젤카야노 14|운동화|270,실버|110
shoes/other|닥터마틴 1461|닥터마틴|1461|로퍼|240|80
shoes/other|크록스 클로그|크록스||샌들|230,화이트|18
accessory/bag|샘소나이트 캐리어 24인치|샘소나이트||캐리어|24인치,네이비|90
accessory/bag|코치 크로스백|코치||크로스백|브라운|120
accessory/jewelry|카시오 지샥 시계|카시오|지샥|손목시계|블랙|65
accessory/jewelry|14k 금 목걸이|||목걸이|14k|180
accessory/other|MLB 볼캡|MLB||볼캡|네이비|18
accessory/other|버버리 머플러|버버리||머플러|체크|150
beauty/cosmetics|설화수 윤조에센스|설화수|윤조에센스|에센스|60ml|55
beauty/cosmetics|이니스프리 선크림|이니스프리||선크림|50ml|8
beauty/perfume|딥디크 도손|딥디크|도손|향수|75ml|110
kids/stroller|잉글레시나 트릴로지|잉글레시나|트릴로지|유모차|그레이|150
kids/stroller|브라이택스 카시트|브라이택스||카시트|회전형|120
kids/clothes|유아 겨울내복 110|||내복|110|8
shoes/other|타요 아동 장화|타요||장화|160|10
kids/toy|뽀로로 주방놀이|뽀로로||주방놀이|장난감|25
kids/toy|자석블록 100피스|||자석블록|100피스|30
kids/care|스토케 트립트랩|스토케|트립트랩|아기 식탁의자|내추럴|170
kids/care|더블하트 젖병|더블하트||젖병|240ml|8
sports/bicycle|자이언트 에스케이프 2|자이언트|에스케이프 2|하이브리드 자전거|M,블랙|280
sports/bicycle|미니벨로 접이식|||미니벨로|20인치,화이트|90
sports/camping|헬리녹스 체어원|헬리녹스|체어원|캠핑의자|블랙|80
sports/camping|코베아 버너|코베아||버너|캠핑|20
sports/golf|캘러웨이 드라이버|캘러웨이||드라이버|10.5도|220
sports/golf|타이틀리스트 골프공|타이틀리스트||골프공|12구|25
sports/other|가정용 스쿼트랙|||스쿼트랙|홈짐|150
sports/other|요넥스 배드민턴 라켓|요넥스||배드민턴 라켓|4U|60
book/children|추피의 생활이야기 전집|추피||전집|유아|45
book/children|흔한남매 만화책|흔한남매||만화책|초등|20
book/study|해커스 토익 문제집|해커스||문제집|토익|12
book/study|수능특강 수학|EBS|수능특강 수학|문제집|수학|5
book/other|미움받을 용기||미움받을 용기|책|자기계발|6
book/other|슬램덩크 완전판||슬램덩크|만화책|완전판|110
hobby/instrument|야마하 디지털피아노|야마하||디지털피아노|88건반|320
hobby/instrument|성음 통기타|성음||통기타|입문용|70
hobby/collectible|레고 호그와트 성|레고|호그와트 성|레고|해리포터|350
hobby/collectible|포켓몬 카드 박스|포켓몬||포켓몬 카드|박스|45
pet/supplies|페스룸 강아지 계단|페스룸||강아지 계단|3단|25
pet/supplies|캣타워 대형|||캣타워|원목|50
pet/supplies|고양이 화장실|||고양이 화장실|대형|15
ticket/event|뮤지컬 레베카 R석||레베카|뮤지컬 티켓|R석|120
ticket/event|프로야구 1루 지정석|||야구 티켓|1루|25
ticket/voucher|스타벅스 아메리카노 쿠폰|스타벅스||커피 쿠폰|아메리카노|4
ticket/voucher|신세계 상품권 10만원권|신세계||상품권|10만원권|95
vehicle/car|아반떼 AD 2017|현대|아반떼 AD|중고차|2017,흰색|9800
vehicle/car|넥센 타이어 4개|넥센||타이어|17인치|160
vehicle/motorcycle|혼다 PCX 125|혼다|PCX 125|오토바이|125cc|2600
vehicle/motorcycle|유로휠 전동킥보드|유로휠||전동킥보드|듀얼|250
other/plant|몬스테라 화분|||화분|몬스테라|15
other/plant|다육이 10종|||다육이|10종|12
other/food|제주 감귤 5kg|||감귤|5kg|13
other/food|오설록 녹차 세트|오설록||녹차|선물세트|20
other/tool|보쉬 전동드릴|보쉬||전동드릴|18V|70
other/tool|접이식 사다리|||사다리|3단|20
other/other|여행용 변압기|||변압기|220v|10
other/other|보청기 건전지|||건전지|보청기|9
""")

ENGLISH_ITEMS = _items("""
phone/smartphone|iPhone 11|애플|iPhone 11|smartphone|128GB,purple|220
computer/laptop|Dell XPS 13|Dell|XPS 13|laptop|16GB,silver|550
computer/monitor|Acer monitor|Acer||monitor|27 inch|95
audio/earphones|Bose QC45|Bose|QC45|headphones|black|190
camera/camera|Sony A6400|Sony|A6400|camera|black|750
game/console|Xbox Series S|Microsoft|Xbox Series S|console|512GB|230
appliance/kitchen|Philips air fryer|Philips||air fryer|4L|45
appliance/vacuum|Dyson V10|Dyson|V10|vacuum cleaner|cordless|160
furniture/table|IKEA desk|IKEA||desk|white|35
furniture/sofa|two-seater sofa|||sofa|grey|80
home/bedding|queen size duvet|||duvet|queen|25
clothing/outer|North Face jacket|North Face||jacket|size M|60
shoes/sneakers|Adidas Samba|Adidas|Samba|sneakers|260|70
accessory/bag|Rimowa suitcase|Rimowa||suitcase|cabin|380
kids/stroller|Bugaboo Bee 5|Bugaboo|Bee 5|stroller|grey|200
kids/toy|wooden train set|||train set|wooden|20
sports/bicycle|Trek FX 2|Trek|FX 2|bicycle|medium|300
sports/camping|Coleman tent|Coleman||tent|4 person|90
book/study|TOEFL book|||TOEFL book|study|8
hobby/instrument|Fender acoustic guitar|Fender||acoustic guitar|beginner|150
pet/supplies|cat carrier|||cat carrier|small|15
other/tool|Makita drill|Makita||drill|18V|80
""")

STATES = {
    "new": ("미개봉 새상품이에요", "포장도 안 뜯은 미사용입니다", "한 번도 안 썼고 새것 그대로예요"),
    "like_new": ("딱 두 번 쓰고 보관만 했어요", "개봉만 해봤고 민트급이에요", "한번 사용했고 하자 없습니다"),
    "used": (
        "2년 정도 썼고 생활기스 있어요",
        "사용감 있지만 쓰는 데 지장 없습니다",
        "모서리에 찍힘 하나 있어요",
        "반년 동안 매일 썼어요",
    ),
    "broken": ("고장나서 부품용으로 팝니다", "갑자기 작동이 안돼요. 고쳐 쓰실 분만요"),
}
NEW_ONLY = {
    "other/food": "선물 받았는데 안 먹어서 팔아요. 미개봉입니다",
    "ticket/event": "일정이 안 맞아서 양도해요",
    "ticket/voucher": "유효기간 넉넉하고 사용 전이에요",
}
"""Things that are sold unused or not at all."""
NEVER_BROKEN = (
    "clothing",
    "shoes",
    "beauty",
    "kids",
    "book",
    "pet",
    "home",
    "hobby",
    "accessory",
    "other",
    "furniture",
    "vehicle",
)

ENGLISH_STATES = {
    "new": ("Brand new, never opened.", "Unused, still in the box."),
    "like_new": ("Used twice, no flaws.", "Opened it once to try, like new."),
    "used": ("Used for two years, a few scratches.", "Some wear but works fine."),
    "broken": ("Does not turn on, for parts only.", "It stopped working, sold for parts."),
}

HELD_STATES = {
    "new": ("사놓고 뜯지도 않았습니다", "선물 받아 상자째 그대로 두었어요", "비닐도 안 벗긴 상태예요"),
    "like_new": (
        "꺼내서 확인만 하고 다시 넣어뒀어요",
        "세 번도 채 안 썼어요",
        "거의 안 써서 새거나 다름없어요",
    ),
    "used": (
        "작년 봄부터 써왔고 잔흠집 있어요",
        "꽤 오래 써서 세월의 흔적이 있습니다",
        "군데군데 까졌지만 멀쩡해요",
    ),
    "broken": ("지금은 켜지지가 않아요. 수리하실 분께", "망가져서 부품 빼실 분만 가져가세요"),
}
"""What only listings of `test` say, so that no list of words was made from it."""
HELD_NEW_ONLY = {
    "other/food": "먹을 사람이 없어 포장 그대로 내놔요",
    "ticket/event": "갑자기 출장이 잡혀 못 가게 됐어요",
    "ticket/voucher": "아직 안 쓴 거고 기한도 남았어요",
}
HELD_ENGLISH_STATES = {
    "new": ("Never taken out of its wrapping.", "A gift that I have not touched."),
    "like_new": ("Tried it one time and put it away.", "Hardly touched, looks as from the shop."),
    "used": ("I have had it since 2023 and it shows a little.", "Some stains, does its job."),
    "broken": ("It died last week, good for spare parts.", "Dead, only for somebody who can repair it."),
}

PLACES = (
    "합정역 7번출구", "잠실새내역", "서현역", "수원역 로데오", "둔산동 이마트", "광안리 해변공원", "상무지구", "동성로", "송도 센트럴파크",
    "미아사거리역", "평촌역 1번출구", "장기동 주민센터", "봉명동 우체국", "노원역", "구로디지털단지역", "화정역 광장", "삼산동 홈플러스", "연산역",
    "까치산역 2번출구", "물금역", "용산역 아이파크몰", "하단역", "풍암동 롯데마트", "다산동 도서관",
)  # fmt: skip
ENGLISH_PLACES = (
    "Itaewon Station",
    "Seoul Station",
    "Hongdae",
    "Songdo Central Park",
    "Haebangchon",
    "Pangyo Station",
)
REGIONS = (
    "서울 마포구", "서울 송파구", "서울 노원구", "경기 성남시", "경기 수원시", "경기 고양시", "인천 연수구", "부산 해운대구", "부산 사하구",
    "대구 중구", "대전 서구", "광주 서구", "울산 남구", "충북 청주시", "경남 양산시", "제주 제주시",
)  # fmt: skip
SUITS = {
    "students": ("학생한테 추천해요", "대학생이 쓰기 좋아요"),
    "parents": ("육아하시는 분께 추천해요", "아이 키우는 집에 좋아요"),
    "singles": ("자취방에 두기 좋아요", "원룸에 두기 딱 좋아요"),
    "newlyweds": ("신혼집에 잘 어울려요", "신혼부부께 추천드려요"),
}
HELD_SUITS = {
    "students": ("수험생 방에 놓으면 딱이에요", "과제 많은 새내기에게 좋아요"),
    "parents": ("어린 자녀 있는 댁에 알맞아요", "두 돌 딸 키우며 잘 썼어요"),
    "singles": ("1인 가구에 맞는 크기예요", "독립해서 나온 분께 좋아요"),
    "newlyweds": ("갓 결혼한 부부께 좋아요", "새살림 차리는 분께 추천해요"),
}
HELD_ENGLISH_SUITS = {
    "students": "Made for undergraduates.",
    "singles": "Ideal if you live on your own.",
    "parents": "Handy with a toddler at home.",
}
ENGLISH_SUITS = {
    "students": "Great for students.",
    "singles": "Perfect for a studio flat, living alone.",
    "parents": "Great for parents.",
}
CHATTER = (
    "시간은 맞춰드릴게요", "편하게 챗 주세요", "이사 가면서 정리해요", "자리만 차지해서 내놓습니다", "궁금한 건 물어보세요", "환불은 어려워요",
    "잘 쓰실 분이 가져가셨으면 해요", "사진 참고해주세요", "예약은 안 받아요", "답장이 늦을 수 있어요",
)  # fmt: skip
