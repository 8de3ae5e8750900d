"""What neighbours write about in `test`: words and sentences that are kept from those who write word lists.

They were written after the lists, and nothing of them is put into the lists; a test holds them apart. The
first word of each tag is one of `dev` too, the others are not.
"""

from __future__ import annotations

from testsets.hashtags_words import subjects, titled

SUBJECTS = subjects("""
맛집|마라탕,부대찌개,메밀소바|어제 다녀온 {w} 집 또 가고 싶어요|{w} 하나 먹으려고 사십 분 기다렸는데 안 아까웠어요
카페|핸드드립,쑥라떼,아인슈페너|노트북 펴 놓고 {w} 시켜 놓고 오후 내내 있었어요|통창 있는 자리에서 {w} 마셨는데 여기 단골 될 것 같아요
빵집|소금빵,깜빠뉴,단팥빵|{w} 사러 오픈런 했어요|아침마다 오븐 냄새가 나서 결국 {w} 샀어요
술집|막걸리,소맥,사케|밤에 이차로 {w} 마시러 갈 만한 데 있어요|사장님이 {w} 서비스로 한 병 더 주셨어요
요리|김치찜,감자조림,갈비찜|냉장고 털어서 {w} 만들었어요. 간은 간장으로만 했어요|{w} 양념 비율 아시는 분
산책|호수공원,수변데크,숲길|해 질 무렵 {w} 거닐다 왔어요|유모차 끌고 {w} 돌기 괜찮은가요
등산|청계산,수리산,치악산|새벽에 {w} 올라가서 일출 봤어요|{w} 갈 때 등산화 꼭 신으세요. 바위가 미끄러워요
러닝|트레일런,인터벌,장거리주|무릎 안 아프게 {w} 하는 법 있을까요. 러닝화 바꿔야 하나요|퇴근하고 {w} 한 지 백 일 됐어요. 페이스가 빨라졌어요
자전거|따릉이,접이식,하이브리드|{w} 펑크 났는데 때워 주는 가게가 가까이에 있나요. 바퀴가 휘었어요|헬멧 쓰고 {w} 페달 밟기 좋은 길 알려주세요
헬스|스쿼트,랫풀다운,런지|{w} 몇 세트씩 하세요. 어깨가 안 커져요|관장님이 {w} 무게 올려 보라고 하셨어요
수영|자유수영,오리발수업,물잡기|{w} 배우는데 물을 자꾸 먹어요|레인이 붐벼서 {w} 할 때 부딪혀요
요가|빈야사,하타,플라잉|{w} 다녀왔더니 온몸이 개운해요. 선생님 목소리가 차분해요|뻣뻣한 사람도 {w} 동작 할 수 있나요
테니스|더블스,서브,포핸드|{w} 봐주실 코치님 찾아요. 코트는 제가 예약할게요|코트에서 {w} 치고 나니 팔꿈치가 아파요
축구|풋살,골키퍼,미드필더|토요일 저녁 {w} 용병 두 명 급해요|잔디 구장 잡았어요. {w} 하실 분
강아지|푸들,말라뮤트,스피츠|{w} 목줄 어디 거 쓰세요. 자꾸 물어뜯어요|{w} 꼬리 흔드는 거 보면 피곤이 싹 가셔요
고양이|길냥이,삼색이,턱시도|{w} 화장실 모래 추천해 주세요|지붕 위에 {w가} 야옹거려요. 새끼를 낳았나 봐요
분실동물|앵무새,고슴도치,믹스견|문 열린 사이에 {w가} 나가서 안 돌아와요|{w를} 찾습니다. 겁이 많으니 쫓지 말고 전화 주세요
동물병원|예방접종,발치,혈액검사|강아지 {w} 비용 어디가 저렴한가요. 원장님 설명 잘하시는 곳이요|고양이 {w} 하러 갔다가 입원했어요
육아|이유식,배변훈련,분리수면|돌쟁이 {w} 선배님들 조언 부탁해요|{w} 시작했는데 아이가 하루 종일 울어요. 다들 어떻게 버티셨어요
학원|피아노레슨,바둑수업,발레|{w} 일곱 살부터 받아 주나요. 셔틀도 있으면 좋겠어요|원장님이 {w} 레벨 테스트 해 주셨어요
학교|급식,교복,돌봄교실|우리 애 담임 선생님이 {w} 안내를 보내셨어요|3학년부터 {w} 바뀐다는데 들으셨나요
병원|소아과,신경외과,가정의학과|{w} 의사 선생님이 꼼꼼히 봐 주셨어요|허리를 삐끗했는데 {w} 가야 할까요
치과|사랑니,레진,크라운|{w} 비용이 치아 하나에 얼마였나요|어금니 {w} 때문에 마취했는데 하나도 안 아팠어요
약국|감기약,소화제,밴드|일요일에 {w} 파는 약국 있나요|{w} 달라고 했더니 약사님이 증상부터 물어보셨어요
미용실|히피펌,탈색,앞머리|{w} 했더니 다들 어려 보인대요. 미용사님 솜씨가 좋아요|머리숱이 많은데 {w} 예약하면 몇 시간 걸리나요
네일|젤네일,프렌치,큐빅|{w} 벗겨져서 보수 받으러 가요. 손이 확 살아요|결혼식 앞두고 손끝에 {w} 받고 싶은데 디자인 추천해 주세요
세탁소|패딩세탁,이불세탁,다림질|사장님이 {w} 하루 만에 해 주셨어요. 코트도 맡겨 보려고요|{w} 값이 올랐네요. 와이셔츠도 같이 맡겨요
청소|입주청소,계단청소,유리창청소|{w} 부르면 몇 분이 오시나요. 서른 평이에요|{w} 하고 나니 집이 새집 같아요. 약품 냄새도 없어요
이사|용달,이사박스,반포장|{w} 불러서 침대하고 책상만 옮기려고 해요|다음 주에 집을 비워야 해서 {w} 알아보는 중이에요
인테리어|도배,마루시공,조명교체|{w} 새로 하니까 거실이 넓어 보여요|신혼집 {w} 하려는데 업체마다 값이 달라요
수리|도어락,세면대,인터폰|{w} 먹통이에요. 급하게 와 주실 분|{w} 부품만 갈면 된대서 출장 불렀어요
부동산|전세계약,근저당,특약|{w} 조항 꼭 넣어야 하나요. 집주인이 꺼려해요|공인중개사무소에서 {w} 설명을 안 해 줬어요
버스|마을버스,순환노선,저상차|{w} 기사님이 손 흔드는데 그냥 지나갔어요|{w} 시간표가 앱이랑 달라요. 또 놓쳤네요
지하철|급행열차,환승역,스크린도어|{w} 앞에서 십 분 넘게 서 있었어요. 열차가 안 와요|2호선 {w} 쪽이 늘 미어터져요
주차|공영주차장,기계식주차,방문증|{w} 자리가 밤마다 모자라요. 돌다가 결국 길가에 뒀어요|차가 두 대인데 {w} 신청 어떻게 하세요
도로공사|보도블록,하수관,차선도색|{w} 작업한다고 차선 하나를 막아 놨어요|길을 또 뒤집어 놨네요. {w} 바꾸는 거래요
분실물|카드지갑,안경,에코백|{w} 어디에 흘렸는지 모르겠어요. 사례할게요|혹시 {w} 보신 분 계신가요. 어제 놀이터에 놓고 왔어요
습득물|자동차키,안경케이스,텀블러|놀이터에 {w가} 떨어져 있어서 관리실에 맡겼어요|{w} 주인분 연락 주세요. 분수대 앞에서 발견했어요
나눔|화분,장난감,전집|아이가 커서 {w} 내놔요. 먼저 오시는 분이 임자예요|{w} 필요하신 분께 드려요. 값은 안 받아요
공동구매|절임배추,감귤,건어물세트|{w} 열 박스 넘으면 반값이래요. 같이 하실 집 손들어 주세요|{w} 나눠 살 분 세 집만 더 있으면 돼요
축제|불꽃놀이,먹거리장터,마당극|시청 앞에서 {w} 한대요. 체험 부스도 많아요|{w} 언제 시작해요. 작년엔 가수도 왔었는데
전시|미디어아트,회화전,조각전|{w} 도슨트 시간 맞춰 가세요. 그림 앞에서 한참 서 있었어요|주말에 {w} 관람했는데 입장료가 아깝지 않았어요
영화|독립영화,다큐멘터리,스릴러|조조로 {w} 봤는데 결말이 이해가 안 돼요|{w} 개봉했던데 보신 분 계세요. 스포는 하지 말아주세요
도서관|열람실,자료실,어린이책방|시험 기간이라 {w} 빈자리가 없어요|소설 빌릴 겸 {w} 들렀어요. 사서 선생님이 찾아 주셨어요
벚꽃|천변길,가로수길,왕벚나무|{w} 만개했어요. 봄이 왔네요|이번 주 지나면 {w} 꽃이 다 질 것 같아요
단풍|수목원,단풍나무,계곡길|{w} 온통 붉어요. 늦기 전에 오세요|낙엽 밟으러 {w} 갔다 왔어요. 가을이 깊었네요
날씨|미세먼지,강풍,안개|내일 아침 {w} 예보래요. 옷 든든히 입으세요|{w} 언제쯤 그칠까요. 빨래를 못 널어요
층간소음|발망치,의자 끄는 소리,망치질|위에 사시는 분 {w} 그만 좀 해 주세요|자정만 되면 {w} 시작돼요. 쪽지라도 붙여야 하나요
치안|가로등,비상벨,취객|밤에 혼자 오는데 누가 따라왔어요. {w} 문제도 있고요. 112에 신고했어요|{w} 때문에 민원 넣었어요. 혼자 다니기 겁나요
정전|차단기,누전,변전소|{w} 때문인지 우리 동만 캄캄해요. 촛불 켜고 있어요|{w} 문제로 밤새 냉장고가 꺼졌어요
단수|수도관,배수지,가압장|물 받아 두세요. {w} 때문에 저녁까지 안 나온대요|씻다가 물이 끊겼어요. {w} 쪽 사고래요
알바|편의점,설거지,물류센터|{w} 주 3일 하실 분 연락 주세요. 주휴수당 드려요|{w} 처음인데 면접 때 뭐 물어보나요. 용돈 벌려고요
모임|보드게임,와인시음,필사|{w} 좋아하는 사람 넷 모였어요. 한 명 더 오세요|퇴근하고 {w} 할 친구 사귀고 싶어요
봉사활동|플로깅,김장나눔,벽화그리기|주말에 {w} 손이 부족해요. 함께해 주세요|{w} 하고 왔는데 마음이 따뜻해졌어요. 봉사 시간도 나와요
전통시장|참기름,건어물,두부|시장에서 {w} 샀는데 할머니가 덤을 주셨어요|{w} 사러 아케이드 안쪽까지 들어갔어요. 상인회 쿠폰도 돼요
마트|달걀,세제,두루마리휴지|{w} 일 플러스 일 하네요. 카트에 가득 담았어요|{w} 사러 갔는데 마트 휴무일이었어요. 둘째 일요일마다 쉰대요
""")

ENGLISH = subjects("""
맛집|pizza,curry,dumplings|Their {w} is worth the queue|We ordered {w} twice, the chef came out to say hi
카페|latte,flat white|The barista here makes a lovely {w}|Worked all afternoon with a {w} by the window
등산|dobongsan,hallasan|Made it to the summit of {w} before noon|Any trail map for {w}? First time with boots
러닝|5k,half marathon|Who wants to jog a {w} along the stream|My shoes wore out training for the {w}, I run daily
강아지|corgi,shiba|Walked my {w}, she barked at every squirrel|Puppy food for a {w}, any tips
고양이|tabby,siamese|The {w} purrs on my lap all day. Cats rule|Litter box advice for a {w} please
동물병원|surgery,check-up|The animal hospital did my rabbit's {w} for a fair price|Which veterinarian does a {w} on Sundays
병원|dermatologist,cardiologist|Saw a {w} yesterday, short queue at reception|Do I need a referral for a {w}
치과|implant,root canal|Got a {w} and my jaw is sore|How much is a {w} here, my molar is killing me
버스|night bus,shuttle|The {w} driver skipped our stop|When does the last {w} leave
주차|garage,parking spot|Someone took my {w} again, tow them please|Monthly {w} fees went up, where do you leave your car
분실물|wallet,umbrella|Left my {w} on a bench, reward if returned|If you picked up a black {w} please write to me
나눔|sofa,microwave|Moving out, my {w} is yours if you carry it|Nobody needs to pay, just come and get the {w}
모임|book club,language exchange|Our {w} has two open seats, come along|Want to start a {w} with neighbours
축제|fireworks,food trucks|The street fair has {w} tonight|All weekend {w} on the riverside stage, bring kids
""")

OUTSIDE = titled("""
네고 빌런|만 원짜리 팔면서 구천 원 깎아달라는 분은 처음 봤습니다. 웃음만 나오네요.
베란다 담배|누가 자꾸 베란다에서 담배를 피우셔서 창문을 못 열겠습니다. 제발 그만해 주세요.
|옛날 미니홈피 복구했더니 스무 살의 제가 거기서 울고 있더라고요. 창피해서 다시 닫았습니다.
|택배가 사흘째 물류센터에 갇혀 있어요. 제 마음도 거기 갇혀 있습니다.
인터넷 속도|이 동네 저녁만 되면 인터넷이 기어가는데 다른 통신사도 그런가요?
로또 오등|로또 오천 원 됐다고 세상 다 가진 듯 웃었네요. 다음 주엔 일등 갑시다.
잠이 안 와요|새벽 세 시만 되면 눈이 떠져요. 다들 이럴 때 뭐 하면서 버티시나요?
혼자 된 지 일 년|이혼하고 일 년, 이제야 조용한 저녁이 무섭지 않네요.
자동차 보험|보험 갱신료가 작년보다 이십만 원이나 올랐어요. 사고도 없었는데 왜죠?
|요즘 현금 뽑을 기계 찾기가 보물찾기네요. 이 근처에 아직 남은 데 있나요?
몬스테라 새잎|몬스테라 새잎이 드디어 갈라져서 나왔어요. 혼자 박수쳤습니다.
민달팽이|주말농장 상추를 민달팽이가 다 뜯어먹었어요. 달걀 껍데기 뿌리면 효과 있나요?
|방충망에 매미가 붙어서 새벽부터 울어대는데 얘는 월세도 안 내네요.
러브버그|러브버그가 올해는 유난히 많네요. 현관 열기가 무서워요.
투표소 변경|이번에 투표소가 주민센터 말고 경로당으로 바뀌었대요. 헷갈리지 마세요.
|사거리 현수막이 신호등까지 가리네요. 정당 이름만 다르고 하는 짓은 똑같아요.
|인감증명서 떼러 갔다가 신분증을 안 가져가서 그대로 돌아왔어요. 더 웃긴 건 두 번째라는 거.
|퇴직하니 건강보험료가 세 배로 뛰었습니다. 고지서 보고 주저앉았네요.
가스비 실화|혼자 사는데 가스비가 십오만 원 나왔어요. 계량기가 저 몰래 파티하나 봅니다.
전단지 테이프|현관문에 전단지 붙이고 가는 분들, 테이프 자국은 누가 떼나요.
|통기타 에프 코드에서 석 달째 멈춰 있어요. 손가락이 짧은 걸까요?
토성 고리|어제 옥상에서 토성 고리를 봤습니다. 작은 망원경으로도 보이더라고요!
엘피판|엘피판 바늘 튀는 소리가 왜 이렇게 좋을까요. 나이 먹었나 봅니다.
|야구 구 회 말 투아웃에 역전당하는 팀을 왜 저는 삼십 년째 응원할까요.
첫 볼링|볼링 처음 쳐봤는데 옆 레인 핀을 쓰러뜨렸습니다. 죄송했습니다.
프린터 눈치|프린터는 왜 급할 때만 용지 걸림이 뜰까요. 눈치가 있는 기계 같아요.
무인 발급기|무인 발급기 앞에서 뒷사람 눈치 보다가 그냥 나왔어요. 저만 그런가요.
배달 로봇|인도에서 배달 로봇이랑 마주쳤는데 서로 비켜주다가 왈츠를 췄습니다.
축의금 고민|삼 년 연락 없던 동창이 모바일 청첩장만 보냈네요. 이거 얼마 해야 하나요?
|시어머니가 비밀번호 누르고 불쑥 들어오세요. 어떻게 말해야 안 서운하실까요.
|소개팅 상대가 지난주 제 물건 값 깎던 그 구매자였습니다. 서로 못 본 척했어요.
|첫사랑을 횡단보도에서 마주쳤는데 하필 늘어난 티셔츠에 슬리퍼였네요.
사직서|십이 년 다닌 회사에 오늘 사직서 냈습니다. 후련한데 손이 떨리네요.
꼰대 반성문|신입한테 라떼 얘기 안 하려고 했는데 오늘 세 번이나 해버렸습니다.
금연 사십 일|담배 끊은 지 사십 일째, 사탕값이 담뱃값을 넘었습니다.
옆집 성격 유형|옆집 아저씨 엠비티아이가 궁금합니다. 엘리베이터에서 말을 안 멈추세요.
경비 아저씨|오래 계시던 경비 아저씨가 이번 달에 그만두신대요. 인사도 못 드릴까 봐 걱정입니다.
관리비 잡비|관리비에 잡비 항목이 왜 매달 다른지 물어봤더니 대답이 없네요. 원래 이런가요?
|목욕탕 세신사 이모님이 제 등 보고 한숨을 쉬셨어요. 반성합니다.
|새 운동화 신은 날은 꼭 왼발만 밟히는 이유를 아시는 분?
일본어 독학|일본어 독학 반년째인데 한자만 보면 잠이 옵니다. 좋은 암기법 있을까요?
엄마의 덕질|엄마가 트로트 가수한테 빠지셔서 문자 투표를 저한테까지 시키십니다.
|안마의자 샀는데 한 달 만에 옷걸이가 됐습니다. 저만 그런 거 아니죠?
서랍 속 시|밤마다 시를 쓰는데 보여줄 사람이 없어서 서랍만 두꺼워집니다.
도깨비 고개|우리 동네 이름이 옛날 도깨비 고개에서 왔다던데 아시는 어르신 계신가요?
""")
OUTSIDE_ENGLISH = titled("""
|The buyer haggled for an hour, then paid in coins. All of it. In coins.
Meet Gerald|A moth the size of my hand moved in. He is Gerald now, and I sleep on the sofa.
Homesick|Ten years here and I still dream in my old language. Does that ever stop?
|My parcel has been out for delivery since Monday. I think the van adopted it.
Fern help|My fern is turning brown at the tips. Too much water or too little love?
I quit|I handed in my notice after nine years. Nobody warned me freedom is this scary.
|Whoever keeps smoking under my window, my curtains now smell older than you.
Ukulele|I can play exactly one song on the ukulele. It is a sad song, played badly.
Typewriter|I bought a typewriter on a whim. Where does one even get ribbon these days?
|Is it normal to greet people in the elevator? I bowed to the mirror by mistake.
""")
"""Posts that fit no tag: title (or none) and text, by a writer who saw neither lists nor examples."""
