import { readStackFile, requiredVariable } from '@biplane/testing';

/** The stack's broker and its users, as `testKafka` asks for them. */
export function kafkaOfStack(): NodeJS.ProcessEnv {
  const { brokers, users } = readStackFile(requiredVariable('STACK_FILE')).kafka;
  const passwords = Object.fromEntries(Object.entries(users).map(([name, { password }]) => [name, password]));
  return { TEST_KAFKA_BROKERS: brokers.join(','), TEST_KAFKA_USERS: JSON.stringify(passwords) };
}
