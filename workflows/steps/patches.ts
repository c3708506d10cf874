/**
 * Where a step sends other commands than a version before it did: runs in flight then go on as they began (design.md 3,
 * "auto-upgraded with patches"). Each name is asked for only where both ways part, as it costs two events.
 */
export const patches = {
  /** A start beside another sync looks whether somebody works at that one before it joins. */
  looksBeforeJoining: 'look-before-joining',
  /** A removal asks what provisions its service again to be abandoned, where that was not heard. */
  removalAsksAgain: 'removal-asks-again',
  /** `keep` of an address that is reserved unlocks it before it is put back on its server. */
  keepUnlocksFirst: 'keep-unlocks-reserved-first',
  /** What stays unclear for a second fence is shown. */
  unclearIsShown: 'unclear-is-shown',
  /** What stays unclear starts over. */
  unclearStartsOver: 'unclear-starts-over',
  /** A wait for a person starts over. */
  toldStartsOver: 'told-starts-over',
  /** Addresses held from an earlier run count as something on the server, which a change of server clears. */
  heldMayBeThere: 'held-may-be-there',
  /** An added address that was lost is not waited for after a cancel. */
  lostEndsOnStop: 'lost-ends-on-stop',
  /** A release whose delete has begun cools down no more. */
  lateCoolsNoMore: 'late-cools-no-more',
  /** An address held since an earlier run, and not to be kept, goes off its server before it goes back. */
  heldOffItsServerFirst: 'held-address-off-its-server-first',
  /** Another address than the asked one goes back. */
  onlyAsAsked: 'only-the-address-asked-for',
  /** The address of a repeated order that is active stays where it is. */
  activeStays: 'active-address-stays',
  /** Family and address of an added one are compared before anything is done. */
  addressOfItsFamily: 'address-of-its-family',
  /** A bad report in the wait after another one is answered once it is taken up. */
  eachReportTakenUp: 'each-report-taken-up',
  /** The fence of a server is shown, and there is none where nothing is ever sent. */
  serverFenceIsShown: 'server-fence-is-shown',
  /** What a removal waits for is written to its service. */
  removalIsNoted: 'removal-is-noted',
} as const;
